package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// probe looks whether there still is anything before the ends that are waited
// for. Compaction, aborted transactions and retention may leave nothing there,
// which the client never says.
func (w *watch) probe(ctx context.Context, topics map[string]listed) {
	if w.client.BufferedFetchRecords() > 0 {
		return
	}
	for p, e := range w.finish.open() {
		if next := w.table.next(p); next <= e.next {
			w.probePartition(ctx, topics[p.topic].ID, p, e)
		}
	}
}

func (w *watch) probePartition(ctx context.Context, id [16]byte, p partition, e extent) {
	for next := e.next; next < e.end; {
		fetched, err := w.fetchFrom(ctx, id, p, next)
		if err != nil || fetched.ErrorCode != 0 || fetched.HighWatermark < e.end {
			return // the client will say
		}
		if len(fetched.RecordBatches) == 0 {
			w.finish.read(p, e.end)
			return
		}
		messages, behind := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
			Offset: next, IsolationLevel: w.isolation(), Topic: p.topic, Partition: p.number,
		}, fetched, kgo.DefaultDecompressor(), nil)
		if messages.Err != nil || len(messages.Records) > 0 || behind <= next {
			return
		}
		next = behind
		w.finish.read(p, next)
	}
}

// fetchFrom asks the leader of p for what there is from an offset on.
func (w *watch) fetchFrom(ctx context.Context, id [16]byte, p partition, offset int64) (*kmsg.FetchResponseTopicPartition, error) {
	leader, _, err := w.client.PartitionLeader(p.topic, p.number)
	if err != nil {
		return nil, err
	}
	req := kmsg.NewPtrFetchRequest()
	req.MaxBytes, req.IsolationLevel = partitionFetchMost, 0
	if w.options.Isolation == readCommitted {
		req.IsolationLevel = 1
	}
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = p.topic, id
	of := kmsg.NewFetchRequestTopicPartition()
	of.Partition, of.FetchOffset, of.PartitionMaxBytes = p.number, offset, partitionFetchMost
	topic.Partitions = append(topic.Partitions, of)
	req.Topics = append(req.Topics, topic)
	resp, err := w.client.Broker(int(leader)).Request(ctx, req)
	if err != nil {
		return nil, err
	}
	answer := resp.(*kmsg.FetchResponse)
	if len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
		return nil, errors.New("the broker says nothing of the partition")
	}
	return &answer.Topics[0].Partitions[0], nil
}
