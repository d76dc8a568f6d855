package watermill

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline"
)

func TestMain(m *testing.M) {
	// The clock of sarama's metrics, one a process, never ends.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func messages(payloads ...string) (ms []*message.Message) {
	for _, p := range payloads {
		ms = append(ms, message.NewMessage("id-"+p, []byte(p)))
	}
	return ms
}

// take receives messages that are there.
func take(t *testing.T, in <-chan *message.Message, n int) (ms []*message.Message, payloads []string) {
	t.Helper()
	for range n {
		m, ok := <-in
		if !ok {
			t.Fatalf("the subscription ends after %v", payloads)
		}
		ms, payloads = append(ms, m), append(payloads, string(m.Payload))
	}
	return ms, payloads
}

func mustSubscribe(t *testing.T, s message.Subscriber, topic string) <-chan *message.Message {
	t.Helper()
	in, err := s.Subscribe(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// A publish waits for every reader that has joined, and for what they do.
func TestPublishWaitsForReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub, sub := newChannelPublisher(), newChannelSubscriber()
		defer sub.Close()
		leaveWriter, leaveA, leaveB := join(t.Name(), true), join(t.Name(), false), join(t.Name(), false)
		published := make(chan error, 1)
		go func() { published <- pub.Publish(t.Name(), messages("1", "2", "3")...) }()
		a := mustSubscribe(t, sub, t.Name())
		synctest.Wait()
		if len(a) > 0 {
			t.Error("published before all readers have subscribed")
		}
		b := mustSubscribe(t, sub, t.Name())
		fromA, payloads := take(t, a, 3) // all are under way at once
		if diff := cmp.Diff([]string{"1", "2", "3"}, payloads); diff != "" {
			t.Error(diff)
		}
		fromB, _ := take(t, b, 3)
		for _, m := range append(fromA, fromB[:2]...) {
			m.Ack()
		}
		synctest.Wait()
		if len(published) > 0 {
			t.Error("published before all is acknowledged")
		}
		fromB[2].Nack()
		again, payloads := take(t, b, 1)
		if payloads[0] != "3" || again[0].UUID != "id-3" {
			t.Errorf("after a Nack comes %v", again[0])
		}
		again[0].Ack()
		if err := <-published; err != nil {
			t.Error(err)
		}
		leaveWriter(nil)
		for _, in := range []<-chan *message.Message{a, b} {
			if m, ok := <-in; ok {
				t.Errorf("the writer has left, and %v comes", m)
			}
		}
		leaveA(nil)
		leaveB(nil)
	})
}

// What becomes of a publish whose reader goes.
func TestReaderGoes(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		done      bool
		permanent bool
	}{
		"in peace":   {nil, true, false},
		"in failure": {errors.New("disk full"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pub, sub := newChannelPublisher(), newChannelSubscriber()
				leaveWriter, leave := join(t.Name(), true), join(t.Name(), false)
				defer leaveWriter(nil)
				in := mustSubscribe(t, sub, t.Name())
				published := make(chan error, 1)
				go func() { published <- pub.Publish(t.Name(), messages("1", "2")...) }()
				ms, _ := take(t, in, 2)
				ms[0].Ack()
				sub.Close()
				synctest.Wait()
				if len(published) > 0 {
					t.Error("the publish ends before it is known how the reader has")
				}
				leave(c.err)
				for range 2 { // and so will every other one
					err := <-published
					if errors.Is(err, pipeline.ErrDone) != c.done || pipeline.IsPermanent(err) != c.permanent {
						t.Errorf("got %v", err)
					}
					go func() { published <- pub.Publish(t.Name(), messages("3")...) }()
				}
				<-published
			})
		})
	}
}

// A publish without a reader ends with its context, or with its publisher.
func TestPublishEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub := newChannelPublisher()
		ctx, cancel := context.WithCancel(t.Context())
		published := make(chan error, 1)
		publish := func() {
			m := messages("1")
			m[0].SetContext(ctx)
			published <- pub.Publish(t.Name(), m...)
		}
		go publish()
		synctest.Wait()
		cancel()
		if err := <-published; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		ctx = context.Background()
		go publish()
		synctest.Wait()
		pub.Close()
		if err := <-published; !errors.Is(err, errClosed) {
			t.Errorf("got %v", err)
		}
		if c := channels.of[t.Name()]; c != nil {
			t.Errorf("the channel is left: %+v", c)
		}
	})
}

// A subscription ends with its context, and what it has not acknowledged is
// not published.
func TestSubscriptionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub, sub := newChannelPublisher(), newChannelSubscriber()
		defer sub.Close()
		ctx, cancel := context.WithCancel(t.Context())
		in, err := sub.Subscribe(ctx, t.Name())
		if err != nil {
			t.Fatal(err)
		}
		published := make(chan error, 1)
		go func() { published <- pub.Publish(t.Name(), messages("1")...) }()
		take(t, in, 1)
		cancel()
		if _, ok := <-in; ok {
			t.Error("a message comes after the end")
		}
		if err := <-published; !errors.Is(err, pipeline.ErrDone) {
			t.Errorf("got %v", err)
		}
	})
}
