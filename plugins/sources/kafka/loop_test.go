package kafka

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// written is the options of a sink.
type written struct {
	kafka.Options
	topic string
}

func (w *written) Destination() string { return w.topic }

// elsewhere is the options of a sink that may write to Kafka, and does not.
type elsewhere struct{}

func (elsewhere) Connection() *kafka.Options { return nil }
func (elsewhere) Destination() string        { return "" }

func TestReadsFrom(t *testing.T) {
	for _, c := range []struct {
		topics, sink string
		brokers      []string
		want         bool
	}{
		{"a", "a", nil, true}, {"[b, a]", "a", nil, true}, {"/^a/", "a-dead", nil, true},
		{"a", "a-dead", nil, false}, {"a", "a", []string{"other:9092"}, false},
	} {
		o := defaults()
		if err := plugintest.Node(t, "{topics: "+c.topics+"}").Decode(&o); err != nil {
			t.Fatal(err)
		}
		if got := o.ReadsFrom(&written{kafka.Options{Brokers: c.brokers}, c.sink}); got != c.want {
			t.Errorf("%s, %s, %v: %v", c.topics, c.sink, c.brokers, got)
		}
	}
	if o := new(Options); o.ReadsFrom(struct{}{}) || o.ReadsFrom(elsewhere{}) {
		t.Error("reads from a sink that is not Kafka")
	}
}
