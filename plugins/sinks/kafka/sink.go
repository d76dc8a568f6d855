// Package kafka is the sink that writes records to Kafka topics: to one, and to
// those that records name.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// sink produces each batch from a slab of messages. The client keeps the
// order, sends again what a broker didn't acknowledge, for as long as it takes,
// and has the brokers drop what they then get twice.
type sink struct {
	options   *Options
	log       *slog.Logger
	client    *kafka.Client
	closing   sync.Once
	topics    map[string]*topic // all that are written to, by name
	cancelled context.Context   // the context at whose end everything under way is given up
	stop      func() bool

	flow    flow
	deleted atomic.Pointer[topic] // this one was, and the client is closed for that
	unwatch func()
}

var _ pipeline.Sink = (*sink)(nil)

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Sink, error) {
	s := &sink{options: &o, log: env.Log, topics: map[string]*topic{}, cancelled: context.Background(), stop: func() bool { return true }}
	var err error
	if s.client, err = kafka.Connect(ctx, &o.Options, env.Log, s.clientOpts(env.Paced)...); err != nil {
		return nil, err
	}
	if err := s.openTopics(ctx); err != nil {
		s.client.Close()
		return nil, err
	}
	if env.Paced {
		s.warmUp(ctx)
	}
	s.startWatch()
	return s, nil
}

// warmUpTime is how long a replay waits at most for its first record to be able
// to leave on time.
const warmUpTime = 2 * time.Second

// warmUp asks for the producer's id, which else the first record would wait for:
// on a broker that has just started, a fifth of a second. What goes wrong is said
// when that record is sent.
func (s *sink) warmUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, warmUpTime)
	defer cancel()
	if _, _, err := s.client.ProducerID(ctx); err != nil {
		s.log.Debug("no producer id yet", "error", err)
	}
}

func (s *sink) openTopics(ctx context.Context) error {
	names := s.options.topics()
	if len(names) == 0 {
		return pipeline.Permanent(fmt.Errorf("topic: %w", errNoTopic))
	}
	for _, name := range names {
		if err := ensureTopic(ctx, s.client.Client, s.log, s.options, name); err != nil {
			return err
		}
		s.topics[name] = &topic{name: name, limits: readLimits(ctx, s.client.Client, s.log, name)}
	}
	return nil
}

// A topic that no broker knows any more, for about half a minute, is gone.
const unknownTopicRetries = 60

func (s *sink) clientOpts(paced bool) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ProducerBatchCompression(codecs[s.options.Compression]),
		kgo.ProducerLinger(s.options.linger(paced)),
		// Asked for when the topic's partitions become known, which is after open.
		kgo.ProducerBatchMaxBytesFn(s.batchBytes),
		kgo.MaxBufferedRecords(neverFull),
		kgo.UnknownTopicRetries(unknownTopicRetries),
	}
	if s.options.Partition == "" {
		return append(opts, kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	}
	return append(opts, kgo.RecordPartitioner((*numberedPartitions)(s)))
}

// batchBytes returns the largest batch that a topic takes. The client asks for
// one without a name, too, before there are any.
func (s *sink) batchBytes(name string) int32 {
	t := s.topics[name]
	if t == nil {
		return clampBatch(defaultBatchBytes)
	}
	return clampBatch(int64(t.batchBytes))
}

// Write implements pipeline.Sink.
func (s *sink) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	s.giveUpWith(ctx)
	l, err := s.flow.enter(ctx)
	if err != nil {
		done(err)
		return
	}
	l.load(s, ctx, b, done)
	if len(l.produced) == 0 {
		l.end()
		return
	}
	// The slab may be in use again once the last of its messages is produced.
	for i, n := 0, len(l.produced); i < n; i++ {
		s.client.Produce(ctx, &l.messages[l.produced[i]], l.promise)
	}
}

// giveUpWith closes the client at the end of ctx, since nothing else makes it
// give up messages that a broker may have.
func (s *sink) giveUpWith(ctx context.Context) {
	if ctx == s.cancelled {
		return
	}
	s.stop()
	s.cancelled, s.stop = ctx, context.AfterFunc(ctx, s.closeClient)
}

func (s *sink) closeClient() { s.closing.Do(s.client.Close) }

// Close implements pipeline.Sink.
func (s *sink) Close() error {
	s.stop()
	s.unwatch()
	s.closeClient()
	s.flow.wait()
	return nil
}

// ownFailure returns why a message fails alone, if it does.
func (s *sink) ownFailure(m *kgo.Record, err error) error {
	t := s.topics[m.Topic]
	if n := t.partitions.Load(); n > 0 && m.Partition >= n {
		return fmt.Errorf("there is no partition %d: topic %q has %d; where there is no topic, create: {partitions: N} makes one", m.Partition, t.name, n)
	}
	if size := messageSize(m); errors.Is(err, kerr.MessageTooLarge) && size > int(t.batchBytes) {
		return fmt.Errorf("the message of %d bytes is larger than topic %q takes, whose max.message.bytes is %d", size, t.name, t.batchBytes)
	}
	return nil
}

// refused returns why a message that was alone in its batch has failed.
func (s *sink) refused(m *kgo.Record, err error) error {
	if errors.Is(err, kerr.MessageTooLarge) {
		return fmt.Errorf("the message of about %d bytes is larger than topic %q takes: %w", messageSize(m), m.Topic, err)
	}
	return fmt.Errorf("topic %q refuses the message: %w", m.Topic, err)
}

// rejected reports whether a broker refused a batch for what is in it.
func rejected(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.InvalidTimestamp) ||
		errors.Is(err, kerr.InvalidRecord) || errors.Is(err, kerr.RecordListTooLarge)
}

// explain makes what the client says of a batch for a topic the sink's error.
func (s *sink) explain(ctx context.Context, topic string, err error) error {
	var refused *kerr.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.deleted.Load() != nil:
		return pipeline.Permanent(fmt.Errorf("topic %q has been deleted while it was written to", s.deleted.Load().name))
	case errors.Is(err, kgo.ErrClientClosed):
		return pipeline.Permanent(errors.New("the sink is closed"))
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return pipeline.Permanent(fmt.Errorf("topic %q has been deleted while it was written to: %w", topic, err))
	case errors.Is(err, kerr.UnknownServerError):
		return pipeline.Permanent(fmt.Errorf("can't write to topic %q: the broker could not store it; its log says why, such as a full disk (%w)", topic, err))
	case errors.As(err, &refused) && !refused.Retriable:
		return pipeline.Permanent(fmt.Errorf("can't write to topic %q: %w", topic, err))
	}
	return fmt.Errorf("can't write to topic %q: %w", topic, s.options.Explain(err))
}
