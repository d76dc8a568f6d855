// Package watermill is the source that reads the messages of a Pub/Sub of
// Watermill.
//
// A message becomes a record: the payload is what the codec decodes, the
// metadata are the headers, and the UUID is the header
// _watermill_message_uuid. The message is acknowledged, in order, once the
// pipeline is done with its record: stored, filtered, skipped or
// dead-lettered. What is not done when the pipeline stops is nacked, and comes
// again.
//
// The Pub/Sub channel links pipelines of one process: the source reads what
// sinks watermill of the same topic write in pipelines that are run together
// with it, and ends with the last of them. Any other Pub/Sub goes on until the
// pipeline is stopped.
package watermill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// Options are the options of the source.
type Options struct {
	_ struct{} `doc:"reads the messages of a Watermill Pub/Sub" example:"watermill: {pubsub: kafka, topic: my-stream}"`

	PubSub watermill.Choice `yaml:"pubsub" doc:"the Pub/Sub: channel, kafka, or one that a build of your own adds"`
	Topic  string           `yaml:"topic" doc:"the topic to read"`

	pipeline.CodecOption `yaml:",inline"`
}

var (
	_ pipeline.Validator  = (*Options)(nil)
	_ pipeline.Endless    = (*Options)(nil)
	_ pipeline.Linked     = (*Options)(nil)
	_ pipeline.SinkReader = (*Options)(nil)
)

func init() { pipeline.RegisterSource("watermill", Options{}, open) }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	return watermill.Validate(o.PubSub, o.Topic, o.PubSub.CanSubscribe())
}

// Endless implements pipeline.Endless.
func (o *Options) Endless() error {
	return errors.New("a Pub/Sub goes on, and keeps where its reader is; forecast what was written into it")
}

// Connection returns how to connect to Kafka, nil where it isn't Kafka.
func (o *Options) Connection() *kafka.Options { return o.PubSub.Connection() }

// ReadsFrom implements pipeline.SinkReader.
func (o *Options) ReadsFrom(sinkOptions any) bool { return o.PubSub.ReadsFrom(o.Topic, sinkOptions) }

// Ends implements pipeline.SinkReader.
func (o *Options) Ends() bool { return false }

// Link implements pipeline.Linked.
func (o *Options) Link() string { return o.PubSub.Link(o.Topic) }

// Join implements pipeline.Linked.
func (o *Options) Join() (leave func(error)) { return o.PubSub.Join(o.Topic, false) }

// source keeps the messages whose records are under way.
type source struct {
	options    Options
	subscriber message.Subscriber
	messages   <-chan *message.Message
	cancel     context.CancelFunc
	ended      bool

	mu      sync.Mutex
	next    int64              // the place of the next message
	pending []*message.Message // in order, up to the one before next
	acked   []*message.Message // the last ones, of which the Pub/Sub may not have taken notice yet
}

var (
	_ pipeline.Source    = (*source)(nil)
	_ pipeline.Committer = (*source)(nil)
)

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	subscriber, err := o.PubSub.OpenSubscriber(ctx, env)
	if err != nil {
		return nil, err
	}
	s := &source{options: o, subscriber: subscriber}
	subscription, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	if s.messages, err = subscriber.Subscribe(subscription, o.Topic); err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("subscribing to %s: %w", o.Topic, err), subscriber.Close())
	}
	return s, nil
}

// Read implements pipeline.Source.
func (s *source) Read(ctx context.Context, b *pipeline.Batch) error {
	if s.ended {
		return io.EOF
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case m, ok := <-s.messages:
		if !ok {
			return s.end()
		}
		s.add(b, m)
	case <-ctx.Done():
		return ctx.Err()
	}
	for !b.Full() {
		select {
		case m, ok := <-s.messages:
			if !ok {
				return nil // the next Read finds out again
			}
			s.add(b, m)
		default:
			return nil
		}
	}
	return nil
}

// end is what a closed subscription means: a channel's writers have ended,
// while another Pub/Sub goes on for ever.
func (s *source) end() error {
	if s.options.Link() == "" {
		return fmt.Errorf("the subscription to %s was closed by the Pub/Sub %s", s.options.Topic, s.options.PubSub.Name)
	}
	s.ended = true
	return io.EOF
}

// add adds a message's record. Its place is in the order of the messages, since
// the origin is the Pub/Sub's to say, and may come again.
func (s *source) add(b *pipeline.Batch, m *message.Message) {
	r := b.Add(len(m.Payload))
	watermill.Fill(r, m)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Origin = pipeline.Origin{Source: s.options.Topic, Offset: s.next}
	r.Place = new(r.Origin)
	if complete := s.options.PubSub.Complete; complete != nil {
		complete(m, r)
	}
	s.next++
	s.pending = append(s.pending, m)
}

// Commit implements pipeline.Committer: it acknowledges the messages up to the
// last one of p.
func (s *source) Commit(_ context.Context, p pipeline.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := p.Last(s.options.Topic, 0)
	first := s.next - int64(len(s.pending))
	if !ok || last.Offset < first {
		return nil // a position may come again
	}
	n := last.Offset - first + 1
	for _, m := range s.pending[:n] {
		if !m.Ack() {
			return fmt.Errorf("message %s was nacked by the Pub/Sub %s", m.UUID, s.options.PubSub.Name)
		}
	}
	s.acked = append(s.acked[:0], s.pending[:n]...)
	s.pending = slices.Delete(s.pending, 0, int(n))
	return nil
}

// noticeTimeout bounds the wait for the Pub/Sub to take notice of the last
// acknowledgements.
const noticeTimeout = 3 * time.Second

// Close implements pipeline.Source. What is not done is nacked.
func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaitNotice()
	for _, m := range s.pending {
		m.Nack()
	}
	s.pending = nil
	s.cancel()
	return s.subscriber.Close()
}

// awaitNotice waits until the contexts of the last acknowledged messages are
// done, which tells that the Pub/Sub has seen it.
func (s *source) awaitNotice() {
	timeout := time.NewTimer(noticeTimeout)
	defer timeout.Stop()
	for _, m := range s.acked {
		done := m.Context().Done()
		if done == nil {
			continue // there is no way to know
		}
		select {
		case <-done:
		case <-timeout.C:
			return
		}
	}
	s.acked = nil
}
