//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// cluster is Apache Kafka, as a test sees it.
type cluster struct {
	*kafkatest.Cluster
	t      *testing.T
	client *kgo.Client
	admin  *kadm.Client
}

// metadataAge is how long the client believes what it was told of topics.
const metadataAge = 20 * time.Millisecond

// running bounds how many brokers there are at a time.
var running = make(chan struct{}, 2)

func startCluster(t *testing.T, opts ...kafkatest.Option) *cluster {
	t.Helper()
	running <- struct{}{}
	t.Cleanup(func() { <-running })
	c := &cluster{Cluster: kafkatest.Start(t, opts...), t: t}
	c.client = c.connect(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(metadataAge))
	c.admin = kadm.NewClient(c.client)
	return c
}

// in returns the cluster for a subtest.
func (c *cluster) in(t *testing.T) *cluster { return &cluster{c.Cluster, t, c.client, c.admin} }

// connect returns a client that talks to the broker itself, whatever address
// that has clients use.
func (c *cluster) connect(opts ...kgo.Opt) *kgo.Client {
	c.t.Helper()
	var d net.Dialer
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.Addr()),
		kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return d.DialContext(ctx, network, c.Addr())
		}))...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(client.Close)
	return client
}

func (c *cluster) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// create creates a topic with settings, as name, value, ….
func (c *cluster) create(topic string, partitions int32, settings ...string) {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	configs := map[string]*string{}
	for pair := range slices.Chunk(settings, 2) {
		configs[pair[0]] = &pair[1]
	}
	if _, err := c.admin.CreateTopic(ctx, partitions, 1, configs, topic); err != nil {
		c.t.Fatal(err)
	}
}

// remove deletes a topic and returns when it is gone.
func (c *cluster) remove(topic string) {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	if _, err := c.admin.DeleteTopic(ctx, topic); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, "that a topic is gone", func() bool { return c.size(topic) < 0 })
}

// produce writes messages, which say their topic and partition.
func (c *cluster) produce(messages ...*kgo.Record) {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	if err := c.client.ProduceSync(ctx, messages...).FirstErr(); err != nil {
		c.t.Fatal(err)
	}
}

// ends returns where the partitions of a topic end; nil if there is none, or
// if it is not ready yet.
func (c *cluster) ends(topic string) []int64 {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	listed, err := c.admin.ListEndOffsets(ctx, topic)
	if err != nil || listed.Error() != nil {
		return nil
	}
	ends := make([]int64, len(listed[topic]))
	for i, o := range listed[topic] {
		ends[i] = o.Offset
	}
	return ends
}

// size is how many messages a topic has been given; -1 if there is none.
func (c *cluster) size(topic string) int {
	c.t.Helper()
	ends := c.ends(topic)
	if ends == nil {
		return -1
	}
	n := 0
	for _, end := range ends {
		n += int(end)
	}
	return n
}

// awaitSize waits until a topic has been given n messages.
func (c *cluster) awaitSize(topic string, n int) {
	c.t.Helper()
	eventually(c.t, "messages in "+topic, func() bool { return c.size(topic) >= n })
}

// messages returns what is in a topic, partition by partition.
func (c *cluster) messages(topic string) []*kgo.Record {
	c.t.Helper()
	n := c.size(topic)
	client := c.connect(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	ctx, cancel := c.context()
	defer cancel()
	var all []*kgo.Record
	for len(all) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			c.t.Fatalf("after %d of %d messages: %v", len(all), n, err)
		}
		all = append(all, fetches.Records()...)
	}
	slices.SortStableFunc(all, func(a, b *kgo.Record) int { return int(a.Partition - b.Partition) })
	return all
}

// committed returns what a group has committed of a topic's first partition;
// -1 if it has nothing.
func (c *cluster) committed(group, topic string) int64 {
	c.t.Helper()
	if at, ok := c.committedAll(group, topic)[0]; ok {
		return at
	}
	return -1
}

// committedAll returns what a group has committed of a topic's partitions.
func (c *cluster) committedAll(group, topic string) map[int32]int64 {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	var offsets kadm.OffsetResponses
	eventually(c.t, "the positions of a group", func() bool {
		var err error
		offsets, err = c.admin.FetchOffsets(ctx, group)
		return err == nil
	})
	all := map[int32]int64{}
	for number, at := range offsets[topic] {
		all[number] = at.At
	}
	return all
}

// grow adds partitions to a topic.
func (c *cluster) grow(topic string, add int) {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	want := len(c.ends(topic)) + add
	if _, err := c.admin.CreatePartitions(ctx, add, topic); err != nil {
		c.t.Fatal(err)
	}
	c.client.ForceMetadataRefresh()
	eventually(c.t, "the new partitions", func() bool { return len(c.ends(topic)) == want })
}

// deleteBefore deletes the messages of a topic's first partition before an
// offset.
func (c *cluster) deleteBefore(topic string, offset int64) {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: topic, At: offset})
	if _, err := c.admin.DeleteRecords(ctx, offsets); err != nil {
		c.t.Fatal(err)
	}
}

// members is how many members a group has that is at work.
func (c *cluster) members(group string) int {
	c.t.Helper()
	if g := c.group(group); g.State == "Stable" {
		return len(g.Members)
	}
	return 0
}

// group returns what is known of a group. The coordinator of groups is not
// available at once.
func (c *cluster) group(name string) kadm.DescribedGroup {
	c.t.Helper()
	ctx, cancel := c.context()
	defer cancel()
	groups, err := c.admin.DescribeGroups(ctx, name)
	if err != nil {
		return kadm.DescribedGroup{}
	}
	return groups[name]
}

// numbers returns the field n of JSON values.
func numbers[V string | []byte](t *testing.T, values []V) []int {
	t.Helper()
	all := make([]int, len(values))
	for i, v := range values {
		var row struct{ N *int }
		if err := json.Unmarshal([]byte(v), &row); err != nil || row.N == nil {
			t.Fatalf("value %d is %s: %v", i, v, err)
		}
		all[i] = *row.N
	}
	return all
}

func values(messages []*kgo.Record) [][]byte {
	all := make([][]byte, len(messages))
	for i, m := range messages {
		all[i] = m.Value
	}
	return all
}
