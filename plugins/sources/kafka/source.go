// Package kafka is the source that reads the messages of Kafka topics.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// source reads without a group: the engine keeps its positions. With one it is
// a groupSource.
type source struct {
	options *Options
	log     *slog.Logger
	client  *kgo.Client
	group   *group  // nil: none
	finish  *finish // nil: it goes on for ever

	runs []run // what is fetched and not yet read
}

// run is messages of one partition, in order.
type run struct {
	partition
	messages   []*kgo.Record
	assignment int // under which a group has it
}

// partition names a topic's partition.
type partition struct {
	topic  string
	number int32
}

// groupSource is a source whose positions a consumer group keeps.
type groupSource struct{ *source }

var (
	_ pipeline.Source     = (*source)(nil)
	_ pipeline.Progresser = (*source)(nil)
	_ pipeline.Committer  = groupSource{}
)

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	s := &source{options: &o, log: env.Log}
	opts, err := s.start(ctx, env)
	if err != nil {
		return nil, err
	}
	if s.client, err = kafka.Connect(ctx, &o.Options, env.Log, opts...); err != nil {
		return nil, err
	}
	if s.group != nil {
		s.group.client = s.client
		s.client.AddConsumeTopics(o.Topics...)
		return groupSource{s}, nil
	}
	return s, nil
}

// Read implements pipeline.Source.
func (s *source) Read(ctx context.Context, b *pipeline.Batch) error {
	for {
		if s.fill(b) {
			return nil
		}
		if s.finish != nil && s.finish.reached() {
			return io.EOF
		}
		err := s.take(s.poll(ctx))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// poll waits for messages, for the end of ctx, or until the end is reached.
func (s *source) poll(ctx context.Context) kgo.Fetches {
	if s.finish == nil {
		return s.client.PollFetches(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.finish.ended, cancel)()
	return s.client.PollFetches(ctx)
}

func (s *source) take(fetches kgo.Fetches) (err error) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil && err == nil {
			err = s.explain(p.Topic, p.Err)
		}
		if len(p.Records) == 0 {
			return
		}
		r := run{partition: partition{p.Topic, p.Partition}, messages: p.Records}
		if s.group != nil {
			r.assignment = s.group.assignment(r.partition)
		}
		s.runs = append(s.runs, r)
	})
	if s.group != nil {
		s.client.AllowRebalance()
	}
	return err
}

// explain returns nil for what the client goes on after.
func (s *source) explain(topic string, err error) error {
	var (
		lost    *kgo.ErrDataLoss
		session *kgo.ErrGroupSession
		refused *kerr.Error
	)
	isRefused := errors.As(err, &refused)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.Is(err, kgo.ErrClientClosed):
		return pipeline.Permanent(errors.New("the source is closed"))
	case errors.As(err, &lost):
		s.log.Warn("the broker has lost messages", "topic", lost.Topic, "partition", lost.Partition, "read_to", lost.ConsumedTo, "going_on_at", lost.ResetTo)
		return nil
	case errors.As(err, &session) && !(isRefused && endsGroup(refused)):
		s.log.Debug("the group session ended; joining again", "error", err)
		return nil
	case errors.As(err, &session):
		return pipeline.Permanent(fmt.Errorf("can't read with group %q: %w", s.group.name, refused))
	case errors.Is(err, kerr.UnknownTopicID):
		return pipeline.Permanent(fmt.Errorf("topic %q has been deleted and created again while it was read: %w", topic, err))
	case isRefused && !refused.Retriable:
		return pipeline.Permanent(fmt.Errorf("can't read topic %q: %w", topic, err))
	}
	return fmt.Errorf("can't read topic %q: %w", topic, s.options.Explain(err))
}

// fill adds what has been fetched to b, and reports whether it added anything.
func (s *source) fill(b *pipeline.Batch) bool {
	for len(s.runs) > 0 && !b.Full() {
		r := &s.runs[0]
		if s.group != nil && (r.assignment == 0 || r.assignment != s.group.assignment(r.partition)) {
			r.messages = nil // read again by whoever has the partition now
		}
		n, next := s.fillFrom(b, r)
		if s.group != nil && n > 0 {
			s.group.read(r.partition, next)
		}
		if s.finish != nil && n > 0 {
			s.finish.read(r.partition, next)
		}
		if r.messages = r.messages[n:]; len(r.messages) == 0 {
			s.runs[0] = run{}
			s.runs = s.runs[1:]
		}
	}
	return len(b.Records) > 0
}

// fillFrom returns how many messages of r it is through with, and the offset
// behind the last of them.
func (s *source) fillFrom(b *pipeline.Batch, r *run) (n int, next int64) {
	end := int64(math.MaxInt64)
	if s.finish != nil {
		end = s.finish.end(r.partition)
	}
	for ; n < len(r.messages) && !b.Full(); n++ {
		m := r.messages[n]
		next = m.Offset + 1
		if m.Offset < end && !m.Attrs.IsControl() {
			add(b, m)
		}
		m.Recycle()
	}
	return n, next
}

func add(b *pipeline.Batch, m *kgo.Record) {
	r := b.Add(len(m.Key) + len(m.Value))
	r.Key, r.Raw, r.Time = m.Key, m.Value, m.Timestamp
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, pipeline.Header(h))
	}
	r.Origin = pipeline.Origin{Source: m.Topic, Partition: m.Partition, Offset: m.Offset}
}

// Progress implements pipeline.Progresser.
func (s *source) Progress(o pipeline.Origin) (float64, bool) {
	if s.finish == nil {
		return 0, false
	}
	return s.finish.progress(partition{o.Source, o.Partition}, o.Offset+1)
}

// Commit implements pipeline.Committer.
func (s groupSource) Commit(_ context.Context, p pipeline.Position) error { return s.group.mark(p) }

// Close implements pipeline.Source.
func (s *source) Close() error {
	if s.group != nil {
		s.group.leave()
	}
	s.client.Close()
	return nil
}
