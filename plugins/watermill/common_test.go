package watermill

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// written is the options of a sink watermill.
type written struct {
	pubsub Choice
	topic  string
}

func (w *written) Connection() *kafka.Options { return w.pubsub.Connection() }
func (w *written) Destination() string        { return w.topic }
func (w *written) Chosen() *Choice            { return &w.pubsub }

func TestReadsFrom(t *testing.T) {
	Register("own", ownOptions{}, PubSub[ownOptions]{})
	defer func() { delete(registry.known, "own") }()
	choose := func(pubsub string) (c Choice) {
		if err := c.DecodeOption(plugintest.Node(t, pubsub)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tt := range []struct {
		source, sink, topic string
		want                bool
	}{
		{"kafka", "kafka", "t", true},
		{"kafka: {group: a}", "kafka: {client_id: b}", "t", true},
		{"kafka", "kafka", "other", false},
		{"kafka", "kafka: {brokers: [other:9092]}", "t", false},
		{"kafka", "own", "t", false},
		{"own", "kafka", "t", false},
		{"own: {wait: 1s}", "own: {wait: 1s}", "t", true},
		{"own: {wait: 1s}", "own: {wait: 2s}", "t", false},
		{"own", "channel", "t", false},
	} {
		source := choose(tt.source)
		if got := source.ReadsFrom("t", &written{choose(tt.sink), tt.topic}); got != tt.want {
			t.Errorf("%s, %s, %s: %v", tt.source, tt.sink, tt.topic, got)
		}
	}
	if c := choose("own"); c.ReadsFrom("t", struct{}{}) {
		t.Error("reads from a sink that writes no topic")
	}
}
