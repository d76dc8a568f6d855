// Package kafka is the source that reads the messages of Kafka topics.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync/atomic"
	"time"

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
	client  *kafka.Client
	table   *table
	group   *group  // nil: none
	finish  *finish // nil: no partition has an end
	left    int64   // how many records are to be read; -1: any number

	runs     []run           // what is fetched and not yet read
	merge    *merge          // where that is, if it is to be put in order; else nil
	renewing map[string]bool // topics that are to be read from their beginning

	fetchSize *fetchSize
	times     *fieldTimes // nil: event times are the messages' timestamps

	lost    atomic.Int64                   // messages
	lastLag atomic.Pointer[[]pipeline.Lag] // what was left when it was closed
	unwatch func()
}

// run is messages of one partition, in order.
type run struct {
	partition
	messages   []*kgo.Record
	times      []eventTime // of the messages; nil: their timestamps
	assignment int         // under which it was fetched
	size       int         // in memory, if it is to be put in order
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
	_ pipeline.Lagger     = (*source)(nil)
	_ pipeline.Loser      = (*source)(nil)
	_ pipeline.Committer  = groupSource{}
)

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	s := &source{options: &o, log: env.Log, table: newTable(&o), left: -1, renewing: map[string]bool{}}
	if env.Paced {
		s.merge = newMerge()
	}
	s.table.shares = !env.Paced
	if o.Until.records > 0 {
		s.left = o.Until.records
	}
	if o.Timestamp != "" {
		var err error
		if s.times, err = newFieldTimes(ctx, env, &o); err != nil {
			return nil, err
		}
	}
	found, opts, err := s.start(ctx, env)
	if err != nil {
		return nil, err
	}
	if s.client, err = kafka.Connect(ctx, &o.Options, env.Log, opts...); err != nil {
		return nil, err
	}
	if s.group != nil {
		s.group.client = s.client
		s.client.AddConsumeTopics(slices.Concat(found.there, found.missing)...)
	}
	s.startWatch(found)
	if s.group != nil {
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
		if s.left == 0 || s.finish != nil && s.finish.reached() {
			return io.EOF
		}
		err := s.take(ctx, s.poll(ctx))
		if broker, partition, changed := s.fetchSize.next(); changed {
			s.client.UpdateFetchMaxBytes(broker, partition)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		s.renew()
	}
}

// renewPause is how often it is looked whether a topic can be read anew.
const renewPause = 50 * time.Millisecond

// poll waits for messages, for the end of ctx, or until the end is reached.
func (s *source) poll(ctx context.Context) kgo.Fetches {
	if s.group != nil {
		defer context.AfterFunc(ctx, s.group.hurry)()
	}
	waits := s.merge != nil && s.merge.holds()
	if s.finish == nil && len(s.renewing) == 0 && !waits {
		return s.client.PollFetches(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.finish != nil {
		defer context.AfterFunc(s.finish.ended, cancel)()
	}
	if waits {
		defer time.AfterFunc(mergePause, cancel).Stop()
	}
	if len(s.renewing) > 0 {
		defer time.AfterFunc(renewPause, cancel).Stop()
	}
	return s.client.PollFetches(ctx)
}

// take adds what was fetched to the runs, and deals with what went wrong.
func (s *source) take(ctx context.Context, fetches kgo.Fetches) (err error) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil && err == nil {
			err = s.explain(ctx, partition{p.Topic, p.Partition}, p.Err)
		}
		if len(p.Records) == 0 || err != nil {
			return
		}
		r := run{partition: partition{p.Topic, p.Partition}, messages: p.Records}
		end := p.HighWatermark
		if s.options.Isolation == readCommitted {
			end = p.LastStableOffset
		}
		if s.times != nil {
			if r.times, err = s.times.of(&r); err != nil {
				return
			}
		}
		var lost loss
		if s.finish != nil && s.group == nil {
			s.finish.come(r.partition, r.messages[0].Offset)
		}
		r.assignment, lost = s.table.fetch(r.partition, r.messages[0].Offset, r.messages[len(r.messages)-1].Offset, p.LogStartOffset, end)
		switch err = s.lose(lost); {
		case err != nil:
		case s.merge != nil:
			s.merge.add(r)
		default:
			s.runs = append(s.runs, r)
		}
	})
	if s.group != nil {
		s.client.AllowRebalance()
	}
	return err
}

// explain returns nil for what the client goes on after.
func (s *source) explain(ctx context.Context, p partition, err error) error {
	var (
		truncated *kgo.ErrDataLoss
		session   *kgo.ErrGroupSession
		refused   *kerr.Error
	)
	isRefused := errors.As(err, &refused)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.Is(err, kgo.ErrClientClosed):
		return pipeline.Permanent(errors.New("the source is closed"))
	case errors.As(err, &truncated):
		s.log.Warn("the brokers have lost messages that were read", "topic", truncated.Topic, "partition", truncated.Partition, "read_to", truncated.ConsumedTo, "going_on_at", truncated.ResetTo)
		return nil
	case errors.As(err, &session) && !(isRefused && endsGroup(refused)):
		s.log.Debug("the group session ended; joining again", "error", err)
		return nil
	case errors.Is(err, kerr.InconsistentGroupProtocol):
		return pipeline.Permanent(fmt.Errorf("can't read with group %q, which another program uses in another way: name another group: %w", s.group.name, refused))
	case errors.As(err, &session):
		return pipeline.Permanent(fmt.Errorf("can't read with group %q: %w", s.group.name, refused))
	case errors.Is(err, kerr.OffsetOutOfRange):
		return s.outOfRange(ctx, p)
	case errors.Is(err, kerr.UnknownTopicID):
		return s.deleted(ctx, p.topic)
	case isRefused && !refused.Retriable:
		return pipeline.Permanent(fmt.Errorf("can't read topic %q: %w", p.topic, err))
	}
	return fmt.Errorf("can't read topic %q: %w", p.topic, s.options.Explain(err))
}

// fill adds what has been fetched to b, and reports whether it added anything.
func (s *source) fill(b *pipeline.Batch) bool {
	b.Turn = s.table.turn.Load()
	if s.merge != nil {
		s.fillInOrder(b)
		return len(b.Records) > 0
	}
	for len(s.runs) > 0 && !b.Full() && s.left != 0 {
		r := &s.runs[0]
		s.fillOf(b, r, math.MaxInt64)
		if len(r.messages) == 0 {
			s.runs[0] = run{}
			s.runs = s.runs[1:]
		}
	}
	return len(b.Records) > 0
}

// fillOf adds messages of r to b, up to one that is later than upTo, in Unix
// nanoseconds.
func (s *source) fillOf(b *pipeline.Batch, r *run, upTo int64) {
	assignment, skipping := s.table.assignment(r.partition)
	if assignment == 0 || r.assignment != assignment {
		r.messages = nil // read again by whoever has the partition now
	}
	n, given := s.fillFrom(b, r, skipping, upTo)
	if n > 0 {
		next := r.messages[n-1].Offset + 1
		if s.finish != nil { // what lies behind the end is the next run's
			next = min(next, s.finish.end(r.partition))
		}
		s.table.read(r.partition, next, given)
		if s.finish != nil {
			s.finish.read(r.partition, next)
		}
	}
	for _, m := range r.messages[:n] {
		m.Recycle()
	}
	r.messages = r.messages[n:]
	if r.times != nil {
		r.times = r.times[n:]
	}
}

// fillFrom returns how many messages of r it is through with, and the offset
// behind the last that it has added, or 0.
func (s *source) fillFrom(b *pipeline.Batch, r *run, skipping bool, upTo int64) (n int, given int64) {
	end := int64(never)
	if s.finish != nil {
		end = s.finish.end(r.partition)
	}
	until := s.options.Until.at
	for ; n < len(r.messages) && !b.Full() && s.left != 0; n++ {
		m := r.messages[n]
		if upTo < math.MaxInt64 && r.time(n).UnixNano() > upTo {
			break
		}
		if m.Offset >= end || m.Attrs.IsControl() {
			continue
		}
		if skipping && m.Timestamp.Before(s.options.From.at) {
			continue
		}
		if !until.IsZero() && !m.Timestamp.Before(until) {
			s.finish.cut(r.partition, m.Offset)
			end = m.Offset
			continue
		}
		skipping = false
		r.add(b, n)
		given = m.Offset + 1
		if s.left > 0 {
			s.left--
		}
	}
	return n, given
}

// add adds the message at an index to b.
func (r *run) add(b *pipeline.Batch, i int) {
	m := r.messages[i]
	rec := b.Add(len(m.Key) + len(m.Value))
	rec.Key, rec.Raw, rec.Time = m.Key, m.Value, r.time(i)
	for _, h := range m.Headers {
		rec.Headers = append(rec.Headers, pipeline.Header(h))
	}
	rec.Origin = pipeline.Origin{Source: m.Topic, Partition: m.Partition, Offset: m.Offset}
	if r.times != nil && r.times[i].err != nil {
		rec.Fail(r.times[i].err)
	}
}

// time returns the event time of the message at an index.
func (r *run) time(i int) time.Time {
	if r.times != nil {
		return r.times[i].Time
	}
	return r.messages[i].Timestamp
}

// Progress implements pipeline.Progresser.
func (s *source) Progress(o pipeline.Origin) (float64, bool) {
	if s.finish == nil {
		return 0, false
	}
	return s.finish.progress(partition{o.Source, o.Partition}, o.Offset+1)
}

// Lag implements pipeline.Lagger.
func (s *source) Lag() []pipeline.Lag {
	if last := s.lastLag.Load(); last != nil {
		return *last
	}
	return s.table.lag(s.group != nil)
}

// Lost implements pipeline.Loser.
func (s *source) Lost() int64 { return s.lost.Load() }

// Commit implements pipeline.Committer.
func (s groupSource) Commit(_ context.Context, p pipeline.Position) error { return s.group.mark(p) }

// Close implements pipeline.Source.
func (s *source) Close() error {
	s.unwatch()
	s.lastLag.Store(new(s.Lag())) // leaving gives the partitions up
	if s.group != nil {
		s.group.leave()
	}
	s.client.Close()
	if s.times != nil {
		s.times.reader.Warn(s.log)
	}
	return nil
}
