package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// lookUp returns which topics are there, and which that are named are not.
func (s *source) lookUp(ctx context.Context, client *kgo.Client) (there, missing []string, err error) {
	topics, err := s.list(ctx, client)
	if err != nil {
		return nil, nil, err
	}
	for name, topic := range topics {
		switch {
		case errors.Is(topic.Err, kerr.UnknownTopicOrPartition):
			missing = append(missing, name)
		case topic.Err != nil && !kerr.IsRetriable(topic.Err):
			return nil, nil, pipeline.Permanent(fmt.Errorf("can't read topic %q: %w", name, topic.Err))
		default:
			there = append(there, name)
		}
	}
	slices.Sort(there)
	slices.Sort(missing)
	return there, missing, nil
}

// listed is what the brokers say of a topic.
type listed struct {
	ID         [16]byte
	Partitions int32
	Err        error
}

// list asks for the topics that are named, and with a regular expression for
// all. kadm would answer from what it was told before.
func (s *source) list(ctx context.Context, client *kgo.Client) (map[string]listed, error) {
	o := &s.options.Topics
	req := kmsg.NewPtrMetadataRequest()
	if len(o.patterns) == 0 {
		for _, name := range o.names {
			topic := kmsg.NewMetadataRequestTopic()
			topic.Topic = &name
			req.Topics = append(req.Topics, topic)
		}
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, s.options.Explain(err)
	}
	topics := map[string]listed{}
	for _, topic := range resp.Topics {
		if name := topic.Topic; name != nil && (slices.Contains(o.names, *name) || o.matches(*name, topic.IsInternal)) {
			topics[*name] = listed{topic.TopicID, int32(len(topic.Partitions)), kerr.ErrorForCode(topic.ErrorCode)}
		}
	}
	for _, name := range o.names {
		if _, ok := topics[name]; !ok {
			topics[name] = listed{Err: kerr.UnknownTopicOrPartition}
		}
	}
	return topics, nil
}

// The times of which Kafka lists the offsets, besides milliseconds.
const (
	atEnd   = -1
	atStart = -2
)

// offsets lists the offsets of a time in the partitions that are read; -1
// where no message is of it or later.
func (s *source) offsets(ctx context.Context, client *kgo.Client, topics []string, at int64) (map[partition]int64, error) {
	found := map[partition]int64{}
	if len(topics) == 0 {
		return found, nil
	}
	admin := kadm.NewClient(client)
	list := func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		return admin.ListOffsetsAfterMilli(ctx, at, topics...)
	}
	switch {
	case at == atStart:
		list = admin.ListStartOffsets
	case at == atEnd && s.options.Isolation == readCommitted:
		list = admin.ListCommittedOffsets
	case at == atEnd:
		list = admin.ListEndOffsets
	}
	of, err := list(ctx, topics...)
	if err == nil {
		err = of.Error()
	}
	if err != nil {
		return nil, s.listError(err)
	}
	of.Each(func(o kadm.ListedOffset) {
		if len(s.options.Partitions) > 0 && !slices.Contains(s.options.Partitions, o.Partition) {
			return
		}
		if at >= 0 && o.Timestamp < 0 { // then it is an end, but of now
			o.Offset = -1
		}
		found[partition{o.Topic, o.Partition}] = o.Offset
	})
	return found, s.checkPartitions(topics, found)
}

func (s *source) checkPartitions(topics []string, found map[partition]int64) error {
	for _, topic := range topics {
		for _, number := range s.options.Partitions {
			if _, ok := found[partition{topic, number}]; !ok {
				return pipeline.Permanent(fmt.Errorf("topic %q has no partition %d", topic, number))
			}
		}
	}
	return nil
}

func (s *source) listError(err error) error {
	var refused *kerr.Error
	if errors.As(err, &refused) && !refused.Retriable {
		return pipeline.Permanent(fmt.Errorf("can't read the offsets of topics %q: %w", s.options.Topics.text, err))
	}
	return fmt.Errorf("can't read the offsets of topics %q: %w", s.options.Topics.text, s.options.Explain(err))
}
