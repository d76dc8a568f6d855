package watermill

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// store is a Pub/Sub that keeps what is published.
type store struct {
	mu      sync.Mutex
	stored  []string
	keys    [][]byte
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
		s.keys = append(s.keys, watermill.Key(m))
	}
	return nil
}

func (s *store) Close() error { return nil }

var current *store

// none are the options of a test's Pub/Sub.
type none struct {
	_ struct{} `doc:"of a test"`
}

func init() {
	watermill.Register("test", none{}, watermill.PubSub[none]{
		Publisher: func(context.Context, pipeline.Env, none) (message.Publisher, error) { return current, nil },
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

func TestKey(t *testing.T) {
	value := pipeline.Struct([]pipeline.Field{{Name: "sensor", Value: pipeline.String("s1")}, {Name: "none"}})
	for _, tt := range []struct {
		options string
		own     []byte
		want    []byte
		failure string
	}{
		{"", []byte("own"), []byte("own"), ""},
		{"", nil, nil, ""},
		{"", []byte{}, []byte{}, ""},
		{"key: sensor", []byte("own"), []byte("s1"), ""},
		{"key: none", []byte("own"), nil, ""},
		{"key: {constant: all}", nil, []byte("all"), ""},
		{"key: {constant: ''}", nil, []byte{}, ""},
		{"key: {origin: path}", nil, []byte("a.csv"), ""},
		{"key: other", []byte("own"), nil, `key: there is no column "other"; the record has sensor, none`},
	} {
		t.Run(tt.options, func(t *testing.T) {
			current = &store{}
			bound, err := pipeline.BindSink(plugintest.Node(t, "watermill: {pubsub: test, topic: t, "+tt.options+"}"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := bound.Open(t.Context(), pipeline.Env{})
			if err != nil {
				t.Fatal(err)
			}
			var b pipeline.Batch
			r := b.Add(1)
			r.Key, r.Value, r.Encoded, r.Origin.Source = tt.own, value, []byte("1"), "a.csv"
			b.Add(1).Fail(errors.New("before"))
			s.Write(t.Context(), &b, func(err error) {
				if err != nil {
					t.Error(err)
				}
			})
			want := [][]byte{tt.want}
			if tt.failure != "" {
				want = nil
			}
			if diff := cmp.Diff(want, current.keys); diff != "" {
				t.Error(diff)
			}
			if failure := b.Records[0].Failure; (failure == nil) != (tt.failure == "") || failure != nil && failure.Err.Error() != tt.failure {
				t.Errorf("failure %v, want %q", failure, tt.failure)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindSink, []plugintest.Mistake{
		{Options: "watermill: {pubsub: channel}", Want: "t.yaml:1:12: topic: is missing: name the topic"},
		{Options: "watermill: {pubsub: channel, topic: t, key: {constant: a, origin: path}}", Want: "t.yaml:1:45: wants a column's name, {constant: TEXT} or {origin: path}"},
	})
}
