//go:build integration

package integration

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What a source may meet.
func TestIntegrationSource(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kafkatest.WithProperty("log.cleaner.backoff.ms", "100"))
	for _, test := range []struct {
		name string
		run  func(*testing.T, *cluster)
	}{
		{"topic deleted", testTopicDeleted}, {"topic made anew", testTopicMadeAnew}, {"overtaken", testOvertaken},
		{"transactions", testTransactions}, {"compacted", testCompacted}, {"instances", testInstances}, {"joining", testStopWhileJoining},
		{"10 MB", testLargeMessage}, {"group in use", testGroupInUse}, {"1,000 topics", testManyTopics},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, c.in(t)) })
	}
}

func testTopicDeleted(t *testing.T, c *cluster) {
	const topic = "deleted"
	c.create(topic, 1)
	c.produce(numbered(topic, 0, 10)...)
	dir := t.TempDir()
	p := start(t, dir, c.Addr(), write(t, dir, consumer(topic, "from: beginning")))
	p.prints(10)
	c.remove(topic)
	p.exits(1, patience)
	p.says(`topic "deleted" has been deleted while it was read; what was not read of it is lost`, 0)
}

func testTopicMadeAnew(t *testing.T, c *cluster) {
	const topic = "anew"
	c.create(topic, 1)
	c.produce(numbered(topic, 0, 10)...)
	dir := t.TempDir()
	p := start(t, dir, c.Addr(), write(t, dir, consumer(topic, "on_data_loss: continue")))
	p.prints(10)
	c.remove(topic)
	p.says("going on with what it holds, from its beginning", patience)
	c.create(topic, 1)
	eventually(t, "that the topic is there", func() bool { return c.size(topic) == 0 })
	fresh := c.in(t)
	fresh.client = c.connect(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	fresh.produce(numbered(topic, 100, 105)...)
	equal(t, append(span(0, 10), span(100, 105)...), numbers(t, p.prints(15)))
	p.signal(syscall.SIGINT)
	p.exits(0, promptly)
	if at := c.committed("pipeline-"+topic, topic); at != 5 {
		t.Errorf("%d are committed, want 5", at)
	}
}

func testOvertaken(t *testing.T, c *cluster) {
	const topic = "overtaken"
	c.create(topic, 1)
	c.produce(numbered(topic, 0, 100)...)
	dir := t.TempDir()
	equal(t, span(0, 10), consume(t, c, dir, topic, "from: beginning", "--limit", "10"))
	c.deleteBefore(topic, 60)
	p := start(t, dir, c.Addr(), write(t, dir, consumer(topic, "until: end")))
	p.exits(1, patience)
	p.says(`topic "overtaken", partition 0: the messages from offset 10 to 59 (at most 50) are gone before they were read`, 0)
	p = start(t, dir, c.Addr(), write(t, dir, consumer(topic, "until: end, on_data_loss: continue")))
	p.exits(0, patience)
	p.says("lost_at_most=50", 0)
	equal(t, span(60, 100), numbers(t, lines(p.stdout.String())))
}

func testLargeMessage(t *testing.T, c *cluster) {
	const size = 10 << 20
	c.create("large", 1, "max.message.bytes", "12000000")
	client := c.connect(kgo.ProducerBatchMaxBytes(11_000_000), kgo.DefaultProduceTopic("large"))
	value := []byte(strings.Repeat("0123456789abcdef", size/16))
	if err := client.ProduceSync(t.Context(), kgo.SliceRecord(value), kgo.StringRecord("small")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := start(t, dir, c.Addr(), write(t, dir, `name: large
source: {kafka: {topics: large, until: end, codec: raw}}
sink: {kafka: {topic: large-copy, codec: raw, create: {config: {max.message.bytes: 12000000}}}}
`))
	p.exits(0, patience)
	p.reports("large", "completed", counts{Read: 2, Written: 2})
	got := c.messages("large-copy")
	if !bytes.Equal(value, got[0].Value) || string(got[1].Value) != "small" {
		t.Errorf("%d bytes, %s", len(got[0].Value), got[1].Value)
	}
}

func testGroupInUse(t *testing.T, c *cluster) {
	const topic = "used"
	c.create(topic, 1)
	c.connect(kgo.ConsumerGroup("pipeline-"+topic), kgo.ConsumeTopics(topic), kgo.Balancers(kgo.RangeBalancer()))
	eventually(t, "that the other is in the group", func() bool { return c.members("pipeline-"+topic) == 1 })
	dir := t.TempDir()
	p := start(t, dir, c.Addr(), write(t, dir, consumer(topic, "from: beginning")))
	p.exits(1, patience)
	p.failedWith(topic, `source kafka: can't read with group "pipeline-used", which another program uses in another way: name another group: `)
}

func testManyTopics(t *testing.T, c *cluster) {
	const n = 1000
	var topics []string
	var messages []*kgo.Record
	for i := range n {
		topics = append(topics, fmt.Sprintf("many-%d", i))
		messages = append(messages, numbered(topics[i], i, i+1)...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for part := range slices.Chunk(topics, 250) {
		if _, err := c.admin.CreateTopics(ctx, 1, 1, nil, part...); err != nil {
			t.Fatal(err)
		}
	}
	client := c.connect(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.UnknownTopicRetries(-1)) // brokers learn of them one after the other
	if err := client.ProduceSync(ctx, messages...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	begun := time.Now()
	p := start(t, dir, c.Addr(), write(t, dir, "name: many\nsource: {kafka: {topics: /^many-/, until: end}}\nsink: print\n"))
	p.exits(0, patience)
	got := numbers(t, lines(p.stdout.String()))
	slices.Sort(got)
	equal(t, span(0, n), got)
	t.Logf("in %v", time.Since(begun))
}
