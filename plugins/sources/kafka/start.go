package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The broker answers a fetch as soon as there is something. Until it does, or
// until this time is over, no further partition joins the fetch.
const fetchWait = 5 * time.Second

const (
	// A new topic has no leaders for a moment.
	findTimeout = 10 * time.Second

	// Where a topic is waited for.
	shortFetchWait = 500 * time.Millisecond

	// What is fetched ahead, for each broker.
	fetchBytes = 8 << 20

	// A topic that is created, and a broker that is back, is found within
	// these times.
	metadataInterval = 500 * time.Millisecond
	longestPause     = time.Second
)

// start finds out where to read, and returns the options of a client that does.
// Of topics that are there the offsets are fixed now: what arrives from here on
// is not missed, however long it takes to begin.
func (s *source) start(ctx context.Context, env pipeline.Env) ([]kgo.Opt, error) {
	client, err := kafka.Connect(ctx, &s.options.Options, s.log, kgo.DisableClientMetrics(), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var found extents
	for begun, pause := time.Now(), 10*time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		if found, err = s.find(ctx, client); err == nil {
			break
		}
		var refused *kerr.Error
		if !errors.As(err, &refused) || !refused.Retriable || time.Since(begun) > findTimeout {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	if len(found.missing) > 0 {
		s.log.Info("waiting for topics that don't exist yet", "topics", found.missing)
	}
	if s.options.Until {
		s.finish = newFinish(found.ends)
	}
	opts := s.clientOpts(len(found.missing) > 0)
	if name := s.options.group(env.Pipeline); name != "" {
		s.group = newGroup(s, name, found.starts)
		return append(opts, s.group.clientOpts()...), nil
	}
	return append(opts, kgo.ConsumePartitions(s.assign(found.starts, env.Position)), kgo.ConsumeTopics(found.missing...)), nil
}

// extents is what there is to read.
type extents struct {
	missing      []string
	starts, ends map[partition]int64
}

func (s *source) find(ctx context.Context, client *kgo.Client) (found extents, err error) {
	there, missing, err := s.lookUp(ctx, client)
	if err != nil {
		return found, err
	}
	if len(missing) > 0 && bool(s.options.Until) {
		return found, pipeline.Permanent(fmt.Errorf("topic %q doesn't exist: with until: end there is nothing to wait for", missing[0]))
	}
	found.missing = missing
	if found.starts, err = s.offsets(ctx, s.starts(client), there); err == nil && bool(s.options.Until) {
		found.ends, err = s.offsets(ctx, kadm.NewClient(client).ListEndOffsets, there)
	}
	return found, err
}

// first is where to start in partitions that come later.
func (s *source) first() kgo.Offset {
	if at := s.options.From.at; !at.IsZero() {
		return kgo.NewOffset().AfterMilli(at.UnixMilli())
	}
	return kgo.NewOffset().AtStart()
}

func (s *source) clientOpts(missing bool) []kgo.Opt {
	wait := fetchWait
	if missing {
		wait = shortFetchWait
	}
	opts := []kgo.Opt{
		kgo.ConsumeStartOffset(s.first()),
		kgo.FetchMaxWait(wait),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.WithPools(new(pool)),
		kgo.MetadataMinAge(metadataInterval),
		kgo.RetryBackoffFn(func(failures int) time.Duration {
			return min(longestPause/8<<min(failures, 3), longestPause)
		}),
		// Once connected, a connection that is closed at once is a broker that
		// comes or goes, not a wrong setting.
		kgo.AlwaysRetryEOF(),
		kgo.DisableClientMetrics(),
	}
	if s.options.Until {
		opts = append(opts, kgo.KeepControlRecords()) // the last one may be there at the end
	}
	return opts
}

// assign returns where to read without a group.
func (s *source) assign(starts map[partition]int64, p pipeline.Position) map[string]map[int32]kgo.Offset {
	assign := map[string]map[int32]kgo.Offset{}
	for at, offset := range starts {
		if last, ok := p.Last(at.topic, at.number); ok && s.options.From.text == fromCommitted {
			offset = last.Offset + 1
		}
		if assign[at.topic] == nil {
			assign[at.topic] = map[int32]kgo.Offset{}
		}
		assign[at.topic][at.number] = kgo.NewOffset().At(offset)
		if s.finish != nil {
			s.finish.assign(at, offset)
		}
	}
	if s.finish != nil {
		s.finish.check()
	}
	return assign
}

// lookUp returns which topics are there.
func (s *source) lookUp(ctx context.Context, client *kgo.Client) (there, missing []string, err error) {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range s.options.Topics {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = &name
		req.Topics = append(req.Topics, topic)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, nil, s.options.Explain(err)
	}
	for _, topic := range resp.Topics {
		switch err := kerr.ErrorForCode(topic.ErrorCode); {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			missing = append(missing, *topic.Topic)
		case err != nil && !kerr.IsRetriable(err):
			return nil, nil, pipeline.Permanent(fmt.Errorf("can't read topic %q: %w", *topic.Topic, err))
		default:
			there = append(there, *topic.Topic)
		}
	}
	return there, missing, nil
}

type lister func(context.Context, ...string) (kadm.ListedOffsets, error)

// starts lists where to start, or where a group starts that has no position.
func (s *source) starts(client *kgo.Client) lister {
	admin := kadm.NewClient(client)
	switch from := s.options.From; {
	case from.text == fromEnd:
		return admin.ListEndOffsets
	case !from.at.IsZero():
		return func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
			return admin.ListOffsetsAfterMilli(ctx, from.at.UnixMilli(), topics...)
		}
	}
	return admin.ListStartOffsets
}

func (s *source) offsets(ctx context.Context, list lister, topics []string) (map[partition]int64, error) {
	found := map[partition]int64{}
	if len(topics) == 0 {
		return found, nil
	}
	listed, err := list(ctx, topics...)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, s.listError(err)
	}
	listed.Each(func(o kadm.ListedOffset) { found[partition{o.Topic, o.Partition}] = o.Offset })
	return found, nil
}

func (s *source) listError(err error) error {
	var refused *kerr.Error
	if errors.As(err, &refused) && !refused.Retriable {
		return pipeline.Permanent(fmt.Errorf("can't read the offsets of topics %q: %w", s.options.Topics, err))
	}
	return fmt.Errorf("can't read the offsets of topics %q: %w", s.options.Topics, s.options.Explain(err))
}
