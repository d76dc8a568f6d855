package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The broker answers a fetch as soon as there is something. Until it does, or
// until this time is over, no further partition joins the fetch.
const fetchWait = 5 * time.Second

const (
	// A new topic has no leaders for a moment.
	findTimeout = 10 * time.Second

	// Where a topic may come later, or fetching of partitions stops and goes on.
	shortFetchWait = 500 * time.Millisecond
)

// start finds out where to read, and returns the options of a client that does.
// Of topics that are there the offsets are fixed now: what arrives from here on
// is not missed, however long it takes to begin.
func (s *source) start(ctx context.Context, env pipeline.Env) (found extents, opts []kgo.Opt, err error) {
	client, err := kafka.Connect(ctx, &s.options.Options, s.log, kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return found, nil, err
	}
	defer client.Close()
	for begun, pause := time.Now(), 10*time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		if found, err = s.find(ctx, client.Client); err == nil {
			break
		}
		var refused *kerr.Error
		if !errors.As(err, &refused) || !refused.Retriable || time.Since(begun) > findTimeout {
			return found, nil, err
		}
		select {
		case <-ctx.Done():
			return found, nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	s.sayWaiting(found)
	if s.options.Until.offsets() {
		s.finish = newFinish(found.untils)
	}
	s.table.hear(found.ends)
	s.fetchSize = newFetchSize(len(client.DiscoveredBrokers()))
	opts = s.clientOpts(s.merge != nil || len(found.missing) > 0 || len(s.options.Topics.patterns) > 0)
	if name := s.options.group(env.Pipeline); name != "" {
		s.group = newGroup(s, name, found.starts, s.options.From.text != fromCommitted && hasMembers(ctx, client.Client, name))
		return found, append(opts, s.group.clientOpts()...), nil
	}
	opts = append(opts, kgo.ConsumeStartOffset(kgo.NoResetOffset().At(0)), // of topics that come later
		kgo.ConsumePartitions(s.assign(found.starts, env.Position)))
	if len(s.options.Partitions) == 0 {
		opts = append(opts, kgo.ConsumeTopics(found.missing...))
	}
	return found, opts, nil
}

func (s *source) sayWaiting(found extents) {
	switch {
	case len(found.missing) > 0:
		s.log.Info("waiting for topics that don't exist yet", "topics", found.missing)
	case len(found.there) == 0:
		s.log.Info("waiting for topics: none has such a name yet", "topics", s.options.Topics.String())
	}
}

// extents is what there is to read.
type extents struct {
	there, missing []string
	starts, ends   map[partition]int64
	untils         map[partition]int64 // where partitions end; nil: they don't, or it is not known yet
}

// find fixes the ends first: where a partition has no message to start from
// yet, the reading starts at its end, and what arrives in between is read.
func (s *source) find(ctx context.Context, client *kgo.Client) (found extents, err error) {
	found.there, found.missing, err = s.lookUp(ctx, client)
	if err != nil {
		return found, err
	}
	if err := s.checkExistence(found); err != nil {
		return found, err
	}
	if found.ends, err = s.offsets(ctx, client, found.there, atEnd); err != nil {
		return found, err
	}
	switch from := s.options.From; {
	case from.text == fromEnd:
		found.starts = found.ends
	case !from.at.IsZero():
		found.starts, err = s.offsetsOf(ctx, client, found, from.at)
	default:
		found.starts, err = s.offsets(ctx, client, found.there, atStart)
	}
	if err != nil {
		return found, err
	}
	switch until := s.options.Until; {
	case until.end:
		found.untils = found.ends
	case !until.at.IsZero() && !until.at.After(time.Now()):
		found.untils, err = s.offsetsOf(ctx, client, found, until.at)
	}
	return found, err
}

// offsetsOf returns the first offsets whose messages are of a time or later,
// or the ends that were fixed before.
func (s *source) offsetsOf(ctx context.Context, client *kgo.Client, found extents, at time.Time) (map[partition]int64, error) {
	offsets, err := s.offsets(ctx, client, found.there, max(at.UnixMilli(), 0))
	for p, offset := range offsets {
		if offset < 0 {
			offsets[p] = found.ends[p]
		}
	}
	return offsets, err
}

func (s *source) checkExistence(found extents) error {
	const why = "with until: %s there is nothing to wait for"
	switch until := s.options.Until; {
	case !until.end && (until.at.IsZero() || until.at.After(time.Now())):
		return nil
	case len(found.missing) > 0:
		return pipeline.Permanent(fmt.Errorf("topic %q doesn't exist: "+why, found.missing[0], until))
	case len(found.there) == 0:
		return pipeline.Permanent(fmt.Errorf("there is no topic %s: "+why, s.options.Topics, until))
	}
	return nil
}

// clientOpts are the options of the client that reads. What fails in a range
// of offsets is this source's to decide, see loss.
func (s *source) clientOpts(later bool) []kgo.Opt {
	wait := fetchWait
	if later {
		wait = shortFetchWait
	}
	return []kgo.Opt{
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(s.isolation()),
		kgo.FetchMaxWait(wait),
		kgo.FetchMaxBytes(s.fetchSize.broker()),
		kgo.FetchMaxPartitionBytes(s.fetchSize.partition),
		kgo.WithHooks(s.fetchSize),
		kgo.KeepControlRecords(), // they may be the last before an end
		kgo.Rack(s.options.Rack),
		kgo.WithPools(new(pool)),
	}
}

func (s *source) isolation() kgo.IsolationLevel {
	if s.options.Isolation == readUncommitted {
		return kgo.ReadUncommitted()
	}
	return kgo.ReadCommitted()
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
		s.table.assign(at, offset)
		if s.finish != nil {
			s.finish.assign(at, offset)
		}
	}
	if s.finish != nil {
		s.finish.check()
	}
	return assign
}
