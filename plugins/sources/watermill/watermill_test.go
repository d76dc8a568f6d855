package watermill

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// The Pub/Sub test is a Go channel that the test fills.
var filled = make(chan *message.Message, 100)

type subscriber struct{ closed bool }

func (s *subscriber) Subscribe(context.Context, string) (<-chan *message.Message, error) {
	return filled, nil
}

func (s *subscriber) Close() error { s.closed = true; return nil }

// none are the options of a test's Pub/Sub.
type none struct {
	_ struct{} `doc:"of a test"`
}

func init() {
	watermill.Register("test", none{}, watermill.PubSub[none]{
		Subscriber: func(context.Context, pipeline.Env, none) (message.Subscriber, error) { return &subscriber{}, nil },
	})
	watermill.Register("alike", none{}, watermill.PubSub[none]{
		Subscriber: func(context.Context, pipeline.Env, none) (message.Subscriber, error) { return &subscriber{}, nil },
		Complete:   func(_ *message.Message, r *pipeline.Record) { r.Origin = pipeline.Origin{Source: "a queue"} },
	})
	watermill.Register("writeonly", none{}, watermill.PubSub[none]{
		Publisher: func(context.Context, pipeline.Env, none) (message.Publisher, error) { return nil, nil },
	})
}

func TestConformance(t *testing.T) {
	plugintest.Source(t, func(*testing.T) plugintest.SourceCase {
		fill(5)
		return plugintest.SourceCase{
			Options: "watermill: {pubsub: test, topic: t}", Want: []string{"0", "1", "2", "3", "4"},
			Endless: true, NoResumes: true,
		}
	})
}

func fill(n int) (ms []*message.Message) {
	for len(filled) > 0 {
		<-filled
	}
	for i := range n {
		m := message.NewMessage(fmt.Sprint("id-", i), fmt.Append(nil, i))
		ms = append(ms, m)
		filled <- m
	}
	return ms
}

// state tells of each message whether it is acked or nacked.
func state(ms []*message.Message) (states []string) {
	for _, m := range ms {
		select {
		case <-m.Acked():
			states = append(states, "acked")
		case <-m.Nacked():
			states = append(states, "nacked")
		default:
			states = append(states, "open")
		}
	}
	return states
}

func mustOpen(t *testing.T, options string) pipeline.Source {
	t.Helper()
	bound, err := pipeline.BindSource(plugintest.Node(t, options))
	if err != nil {
		t.Fatal(err)
	}
	s, err := bound.Open(t.Context(), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A message is acked when its position is committed, and nacked if it is not
// before the end, whatever the Pub/Sub says of where it comes from.
func TestAckAndNack(t *testing.T) {
	for _, pubsub := range []string{"test", "alike"} {
		t.Run(pubsub, func(t *testing.T) { testAckAndNack(t, pubsub) })
	}
}

func testAckAndNack(t *testing.T, pubsub string) {
	ms := fill(5)
	s := mustOpen(t, "watermill: {pubsub: "+pubsub+", topic: t}")
	var b pipeline.Batch
	if err := s.Read(t.Context(), &b); err != nil || len(b.Records) != 5 {
		t.Fatalf("%d records, %v", len(b.Records), err)
	}
	for _, commit := range []struct {
		position pipeline.Position
		want     []string
	}{
		{nil, []string{"open", "open", "open", "open", "open"}},
		{pipeline.Position{b.Records[0].At()}, []string{"acked", "open", "open", "open", "open"}},
		{pipeline.Position{b.Records[3].At()}, []string{"acked", "acked", "acked", "acked", "open"}},
		{pipeline.Position{b.Records[3].At()}, []string{"acked", "acked", "acked", "acked", "open"}}, // it may come again
	} {
		if err := s.(pipeline.Committer).Commit(t.Context(), commit.position); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(commit.want, state(ms)); diff != "" {
			t.Errorf("after the commit of %v: %s", commit.position, diff)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"acked", "acked", "acked", "acked", "nacked"}, state(ms)); diff != "" {
		t.Error("after the end", diff)
	}
}

// A Pub/Sub that closes a subscription by itself has failed.
func TestSubscriptionCloses(t *testing.T) {
	fill(1)
	s := mustOpen(t, "watermill: {pubsub: test, topic: t}")
	close(filled)
	defer func() { filled = make(chan *message.Message, 100) }()
	var b pipeline.Batch
	if err := s.Read(t.Context(), &b); err != nil || len(b.Records) != 1 {
		t.Fatalf("%d records, %v", len(b.Records), err)
	}
	b.Reset()
	err := s.Read(t.Context(), &b)
	if want := "the subscription to t was closed by the Pub/Sub test"; err == nil || err == io.EOF || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_ = s.Close()
}

// The end waits until the Pub/Sub has taken notice of the last Ack, but not for
// ever.
func TestEndAwaitsNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, notice := context.WithCancel(t.Context())
		defer notice()
		m := message.NewMessage("id", nil)
		m.SetContext(ctx)
		for _, noticed := range []bool{true, false} {
			s := &source{subscriber: &subscriber{}, cancel: func() {}, next: 1, pending: []*message.Message{m}}
			if err := s.Commit(t.Context(), pipeline.Position{{}}); err != nil {
				t.Fatal(err)
			}
			closed := make(chan struct{})
			before := time.Now()
			go func() { _ = s.Close(); close(closed) }()
			synctest.Wait()
			select {
			case <-closed:
				t.Error("the end does not wait")
			default:
			}
			if noticed {
				notice()
			}
			<-closed
			if waited := time.Since(before); (waited == 0) != noticed {
				t.Errorf("waited %v", waited)
			}
			m = message.NewMessage("id", nil)
			m.SetContext(t.Context())
		}
	})
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindSource, []plugintest.Mistake{
		{Options: "watermill: {topic: t}", Want: "t.yaml:1:12: pubsub: is missing: name the Pub/Sub, such as channel or kafka"},
		{Options: "watermill: {pubsub: channel}", Want: "t.yaml:1:12: topic: is missing: name the topic"},
		{Options: "watermill: {pubsub: chanel, topic: t}", Want: `t.yaml:1:21: unknown Pub/Sub "chanel"; there are alike, channel, kafka, test, writeonly`},
		{Options: "watermill: {pubsub: {channel: {a: 1}}, topic: t}", Want: `t.yaml:1:32: unknown option "a"; there is none to set`},
		{Options: "watermill: {pubsub: {kafka: {from: now}}, topic: t}", Want: `t.yaml:1:30: from: wants beginning or end, not "now"`},
		{Options: "watermill: {pubsub: {kafka: {sasl: {mechanism: GSSAPI}}}, topic: t}", Want: `t.yaml:1:37: sasl.mechanism: wants PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, not "GSSAPI"`},
		{Options: "watermill: {pubsub: writeonly, topic: t}", Want: "t.yaml:1:13: pubsub: writeonly can't be used at this end of a pipeline"},
	})
}
