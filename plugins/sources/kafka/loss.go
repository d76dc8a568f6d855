package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kgo"
)

// loss is messages of a partition that are gone before they were read: their
// offsets are those from from on and below to. Offsets that are missing within
// what a broker sends are no loss: compaction and transactions leave gaps.
type loss struct {
	partition
	from, to int64
}

// lose fails the pipeline, or tells of what is lost.
func (s *source) lose(l loss) error {
	if l.to <= l.from {
		return nil
	}
	if s.options.OnDataLoss == fail {
		return pipeline.Permanent(fmt.Errorf("topic %q, partition %d: the messages from offset %d to %d (at most %d) are gone before they were read, by the topic's retention or a deletion; to go on without them, set on_data_loss: continue",
			l.topic, l.number, l.from, l.to-1, l.to-l.from))
	}
	s.lost.Add(l.to - l.from)
	s.log.Warn("messages are gone before they were read, by the topic's retention or a deletion; going on after them",
		"topic", l.topic, "partition", l.number, "from", l.from, "to", l.to-1, "lost_at_most", l.to-l.from)
	return nil
}

// outOfRange deals with a partition that has nothing at the offset that comes
// next. What the brokers don't say now, they are asked again: the partition's
// next fetch ends the same way.
func (s *source) outOfRange(ctx context.Context, p partition) error {
	start, end, err := s.bounds(ctx, p)
	if err != nil {
		return nil
	}
	at := s.table.next(p)
	if at > end {
		why := fmt.Sprintf("ends at offset %d, before offset %d, which comes next: it was deleted and made anew, or its brokers have lost messages", end, at)
		return s.anew(p.topic, why)
	}
	if at < start {
		if err := s.lose(loss{p, at, start}); err != nil {
			return err
		}
		at = start
		s.skip(p, at)
	}
	s.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{p.topic: {p.number: {Epoch: -1, Offset: at}}})
	return nil
}

// skip goes on with p at next.
func (s *source) skip(p partition, next int64) {
	s.table.skip(p, next)
	if s.finish != nil {
		s.finish.read(p, next)
	}
}

// bounds returns where p begins and ends.
func (s *source) bounds(ctx context.Context, p partition) (start, end int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var of [2]int64
	for i, at := range []int64{atStart, atEnd} {
		listed, err := s.offsets(ctx, s.client.Client, []string{p.topic}, at)
		if err != nil {
			return 0, 0, err
		}
		offset, ok := listed[p]
		if !ok {
			return 0, 0, errors.New("the partition is not there")
		}
		of[i] = offset
	}
	return of[0], of[1], nil
}

// anew deals with a topic whose messages are others than those that were read:
// the offsets begin anew. why says how that shows.
func (s *source) anew(topic, why string) error {
	if s.options.OnDataLoss == fail {
		return pipeline.Permanent(fmt.Errorf("topic %q %s; what was not read of it is lost; to go on with what it holds, from its beginning, set on_data_loss: continue", topic, why))
	}
	if !s.renewing[topic] {
		s.log.Warn("what was not read of a topic is lost; going on with what it holds, from its beginning", "topic", topic, "because", "it "+why)
		s.lost.Add(s.table.unfetched(topic))
		s.renewing[topic] = true
		s.client.PauseFetchTopics(topic)
	}
	return nil
}

// deleted deals with a topic that is not there any more as it was.
func (s *source) deleted(ctx context.Context, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	listed, err := s.list(ctx, s.client.Client)
	if err != nil {
		return nil // the next fetch ends the same way
	}
	if t, ok := listed[topic]; !ok || t.Err != nil {
		return s.anew(topic, "has been deleted while it was read")
	}
	return s.anew(topic, "has been deleted and made anew while it was read")
}

// renew reads topics that were made anew from their beginning, once the engine
// is done with all that it was given of the old ones: it commits offsets, which
// would be taken for those of the new ones.
func (s *source) renew() {
	for topic := range s.renewing {
		if s.group != nil && !s.table.settled(topic) {
			continue
		}
		delete(s.renewing, topic)
		if s.finish != nil {
			s.finish.cutTopic(topic)
		}
		numbers := s.table.forget(topic)
		s.client.PurgeTopicsFromConsuming(topic)
		s.client.ResumeFetchTopics(topic)
		if len(s.options.Partitions) == 0 {
			s.client.AddConsumeTopics(topic)
			continue
		}
		offsets := map[int32]kgo.Offset{}
		for _, number := range numbers {
			offsets[number] = kgo.NewOffset().At(0)
		}
		s.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: offsets})
	}
}
