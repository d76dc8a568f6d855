package kafka

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// joining knows whether the client is waiting to join its group anew. That may
// take as long as the others wait for a member that has died, and so long the
// client holds all commits back, though the coordinator takes them.
type joining struct{ atomic.Bool }

var (
	_ kgo.HookBrokerWrite = (*joining)(nil)
	_ kgo.HookBrokerRead  = (*joining)(nil)
)

// OnBrokerWrite implements kgo.HookBrokerWrite.
func (j *joining) OnBrokerWrite(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, err error) {
	if key == kmsg.JoinGroup.Int16() {
		j.Store(err == nil)
	}
}

// OnBrokerRead implements kgo.HookBrokerRead.
func (j *joining) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	if key == kmsg.JoinGroup.Int16() {
		j.Store(false)
	}
}

// commitByName is a commit that says topics' names. From version 10 on it would
// have to say their ids.
type commitByName struct{ *kmsg.OffsetCommitRequest }

// MaxVersion implements kmsg.Request.
func (commitByName) MaxVersion() int16 { return 9 }

// commitMeanwhile commits past the client, as the member that it was before it
// joined anew.
func (g *group) commitMeanwhile(ctx context.Context, offsets map[string]map[int32]kgo.EpochOffset) error {
	coordinator := kadm.NewClient(g.client.Client).FindGroupCoordinators(ctx, g.name)[g.name]
	if coordinator.Err != nil {
		return coordinator.Err
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = g.name
	req.MemberID, req.Generation = g.client.GroupMetadata()
	if id := g.options.InstanceID; id != "" {
		req.InstanceID = &id
	}
	for name, partitions := range offsets {
		topic := kmsg.NewOffsetCommitRequestTopic()
		topic.Topic = name
		for number, at := range partitions {
			p := kmsg.NewOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset, p.LeaderEpoch = number, at.Offset, at.Epoch
			topic.Partitions = append(topic.Partitions, p)
		}
		req.Topics = append(req.Topics, topic)
	}
	resp, err := g.client.Broker(int(coordinator.NodeID)).Request(ctx, commitByName{req})
	if err != nil {
		return err
	}
	return g.committed(offsets, resp.(*kmsg.OffsetCommitResponse))
}
