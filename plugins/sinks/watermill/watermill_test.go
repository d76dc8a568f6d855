package watermill

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// store is a Pub/Sub that keeps what is published.
type store struct {
	mu      sync.Mutex
	stored  []string
	blocked chan struct{} // nil: nothing is
}

func (s *store) Publish(_ string, ms ...*message.Message) error {
	if s.blocked != nil {
		<-s.blocked
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range ms {
		s.stored = append(s.stored, string(m.Payload))
	}
	return nil
}

func (s *store) Close() error { return nil }

var current *store

func init() {
	watermill.Register("test", struct{}{}, watermill.PubSub[struct{}]{
		Publisher: func(context.Context, pipeline.Env, struct{}) (message.Publisher, error) { return current, nil },
	})
}

func TestConformance(t *testing.T) {
	plugintest.Sink(t, func(*testing.T) plugintest.SinkCase {
		s := &store{}
		current = s
		return plugintest.SinkCase{Options: "watermill: {pubsub: test, topic: t}", Stored: func(int) []string {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.stored
		}}
	})
}

// A Publish that doesn't return is left behind when it is given up.
func TestGivesUp(t *testing.T) {
	current = &store{blocked: make(chan struct{})}
	s := &sink{topic: "t", publisher: current}
	ctx, cancel := context.WithCancel(t.Context())
	var b pipeline.Batch
	b.Add(1).Encoded = []byte("1")
	stored := make(chan error)
	go func() { stored <- s.Store(ctx, &b) }()
	cancel()
	if err := <-stored; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.Records[0].Encoded[0] = '2' // the batch is used again
	close(current.blocked)
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindSink, []plugintest.Mistake{
		{Options: "watermill: {pubsub: channel}", Want: "t.yaml:1:12: topic: is missing: name the topic"},
	})
}
