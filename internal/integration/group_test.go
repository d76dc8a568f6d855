//go:build integration

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// numbering counts the messages that it writes into each partition.
type numbering struct {
	c     *cluster
	topic string
	next  []int
}

// write writes n more messages into each of so many partitions.
func (w *numbering) write(partitions, n int) {
	w.c.t.Helper()
	for len(w.next) < partitions {
		w.next = append(w.next, 0)
	}
	var all []*kgo.Record
	for p := range partitions {
		for range n {
			all = append(all, &kgo.Record{Topic: w.topic, Partition: int32(p), Value: fmt.Appendf(nil, `{"p":%d,"n":%d}`, p, w.next[p])})
			w.next[p]++
		}
	}
	w.c.produce(all...)
}

// tally is which numbers of each partition were seen.
type tally []map[int]bool

func (w *numbering) tally() tally {
	seen := make(tally, len(w.next))
	for p := range seen {
		seen[p] = map[int]bool{}
	}
	return seen
}

// add counts what one process has printed, in which the numbers of a partition
// count up, repeats left aside.
func (s tally) add(t *testing.T, printed string) {
	t.Helper()
	own := make([]map[int]bool, len(s))
	last := make([]int, len(s))
	for _, line := range lines(printed) {
		var at struct{ P, N int }
		if err := json.Unmarshal([]byte(line), &at); err != nil {
			t.Fatal(err)
		}
		if own[at.P] == nil {
			own[at.P], last[at.P] = map[int]bool{}, -1
		}
		if !own[at.P][at.N] && at.N < last[at.P] {
			t.Fatalf("partition %d: %d comes after %d", at.P, at.N, last[at.P])
		}
		last[at.P] = max(last[at.P], at.N)
		own[at.P][at.N], s[at.P][at.N] = true, true
	}
}

func (s tally) count() (n int) {
	for _, numbers := range s {
		n += len(numbers)
	}
	return n
}

// await waits until so many of the messages were seen by any of the processes.
func (w *numbering) await(processes []*process, n int) {
	w.c.t.Helper()
	eventually(w.c.t, fmt.Sprint("that ", n, " messages are read"), func() bool {
		seen := w.tally()
		for _, p := range processes {
			seen.add(w.c.t, p.stdout.String())
		}
		return seen.count() >= n
	})
}

func (w *numbering) written() (n int) {
	for _, next := range w.next {
		n += next
	}
	return n
}

// A group of three loses a member and gets a new one again and again, while
// the topic grows from two partitions to six.
func TestIntegrationGroupOrdeal(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const topic, rounds, each = "ordeal", 3, 300
	c.create(topic, 2)
	dir := t.TempDir()
	file := write(t, dir, consumer(topic, "client_id: ordeal"))
	var all, alive []*process
	add := func() {
		p := start(t, dir, c.Addr(), file)
		all, alive = append(all, p), append(alive, p)
	}
	w := &numbering{c: c, topic: topic}
	for range 3 {
		add()
	}
	w.write(2, each)
	w.await(all, w.written())
	for round := range rounds {
		partitions := 2
		if round > 0 {
			partitions = 6
		}
		if round == 1 {
			c.grow(topic, 4)
		}
		w.write(partitions, each)
		alive[0].signal(syscall.SIGKILL)
		alive[0].exits(-1, promptly)
		alive = alive[1:]
		add()
		w.write(partitions, each)
		w.await(all, w.written())
	}
	for _, p := range alive {
		p.signal(syscall.SIGINT)
	}
	for _, p := range alive {
		p.exits(0, promptly)
	}
	for p, at := range c.committedAll("pipeline-"+topic, topic) {
		if at != int64(w.next[p]) {
			t.Errorf("partition %d is committed to %d, want %d", p, at, w.next[p])
		}
	}
	printed := 0
	for _, p := range all {
		printed += len(lines(p.stdout.String()))
	}
	t.Logf("%d messages, %d read again", w.written(), printed-w.written())
}

// A broker that stops and starts five times under a reader.
func TestIntegrationBrokerStopsAgainAndAgain(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const topic, each = "again", 200
	c.create(topic, 2)
	dir := t.TempDir()
	p := start(t, dir, c.Addr(), write(t, dir, consumer(topic, "client_id: again")))
	w := &numbering{c: c, topic: topic}
	for range 5 {
		w.write(2, each)
		w.await([]*process{p}, w.written()-each)
		c.Stop()
		c.Restart()
	}
	w.write(2, each)
	w.await([]*process{p}, w.written())
	p.signal(syscall.SIGINT)
	p.exits(0, promptly)
	got := len(lines(p.stdout.String()))
	p.reports(topic, "stopped", counts{Read: got, Written: got})
	t.Logf("%d messages, %d read again", w.written(), got-w.written())
}

// What a source may meet.
func TestIntegrationSource(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *cluster)
	}{
		{"topic deleted", testTopicDeleted}, {"topic made anew", testTopicMadeAnew}, {"overtaken", testOvertaken},
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
