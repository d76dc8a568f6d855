//go:build integration

package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// transact writes messages in a transaction and ends it.
func (c *cluster) transact(how kgo.TransactionEndTry, messages ...*kgo.Record) {
	c.t.Helper()
	c.begin(messages...)(how)
}

// begin writes messages in a transaction that end ends.
func (c *cluster) begin(messages ...*kgo.Record) (end func(kgo.TransactionEndTry)) {
	c.t.Helper()
	ctx, cancel := c.context()
	client := c.connect(kgo.TransactionalID(c.t.Name()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	check := func(err error) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
	}
	check(client.BeginTransaction())
	check(client.ProduceSync(ctx, messages...).FirstErr())
	return func(how kgo.TransactionEndTry) {
		c.t.Helper()
		check(client.EndTransaction(ctx, how))
		client.Close()
		cancel()
	}
}

// Transactions leave gaps, also at the end of a topic.
func testTransactions(t *testing.T, c *cluster) {
	const topic, each = "transactions", 20
	c.create(topic, 1)
	all, committed := span(0, 11*each), []int{}
	for i := range 11 { // the last one is aborted
		messages := numbered(topic, i*each, (i+1)*each)
		if i%3 == 1 {
			c.transact(kgo.TryAbort, messages...)
			continue
		}
		committed = append(committed, all[i*each:(i+1)*each]...)
		if i%3 == 0 {
			c.transact(kgo.TryCommit, messages...)
		} else {
			c.produce(messages...)
		}
	}
	dir := t.TempDir()
	read := func(isolation, group string, args ...string) []int {
		t.Helper()
		return consume(t, c, dir, topic, fmt.Sprintf("until: end, isolation: %s, group: %s", isolation, group), args...)
	}
	want := map[string][]int{"read_committed": committed, "read_uncommitted": all}
	for isolation, want := range want {
		equal(t, want, read(isolation, "none"))
		equal(t, want[:30], read(isolation, isolation, "--limit", "30"))
		equal(t, want[30:], read(isolation, isolation))
		equal(t, span(0, 0), read(isolation, isolation))
		if at := int(c.committed(isolation, topic)); at != c.size(topic) {
			t.Errorf("%s: committed to %d of %d", isolation, at, c.size(topic))
		}
	}
	end := c.begin(numbered(topic, 300, 310)...)
	c.produce(numbered(topic, 310, 320)...)
	for isolation, want := range map[string][]int{"read_committed": {}, "read_uncommitted": span(300, 320)} {
		equal(t, want, read(isolation, isolation))
	}
	end(kgo.TryCommit)
	equal(t, span(300, 320), read("read_committed", "read_committed"))
}

// Compaction leaves gaps too, and at the end of this topic nothing but the mark
// of an aborted transaction.
func testCompacted(t *testing.T, c *cluster) {
	const topic, keys = "compacted", 10
	c.create(topic, 1, "cleanup.policy", "compact", "segment.ms", "1000", "min.cleanable.dirty.ratio", "0.001")
	dir := t.TempDir()
	segment := func(minute int, value func(key int) []byte, keys int) (all []*kgo.Record) {
		for key := range keys {
			all = append(all, &kgo.Record{Topic: topic, Key: fmt.Append(nil, key), Value: value(key),
				Timestamp: time.Date(2021, 1, 1, 0, minute, 0, 0, time.UTC)})
		}
		return all
	}
	number := func(round int) func(int) []byte {
		return func(key int) []byte { return fmt.Appendf(nil, `{"n":%d}`, round*keys+key) }
	}
	c.produce(segment(0, number(0), keys)...)
	equal(t, span(0, 5), consume(t, c, dir, topic, "from: beginning", "--limit", "5"))
	for round := 1; round < 20; round++ {
		c.produce(segment(round, number(round), keys)...)
	}
	c.produce(segment(20, func(int) []byte { return nil }, 3)...)
	c.transact(kgo.TryAbort, segment(21, number(21), keys)...)

	eventually(t, "compaction", func() bool {
		p := start(t, dir, c.Addr(), write(t, dir, consumer(topic, "group: none, until: end")))
		p.exits(0, patience)
		return len(lines(p.stdout.String())) == keys
	})
	want := []string{"3=193", "4=194", "5=195", "6=196", "7=197", "8=198", "9=199", "0=null", "1=null", "2=null"}
	for i, group := range []string{"none", "pipeline-" + topic, "another", "none, isolation: read_uncommitted", "more, isolation: read_uncommitted"} {
		copied := fmt.Sprint(topic, "-copy-", i)
		p := start(t, dir, c.Addr(), write(t, dir, fmt.Sprintf(`name: copy
source: {kafka: {topics: %s, until: end, group: %s}}
sink: {kafka: {topic: %s}}
codec: raw
`, topic, group, copied)))
		p.exits(0, patience)
		p.reports("copy", "completed", counts{Read: len(want), Written: len(want)})
		var got []string
		for _, m := range c.messages(copied) {
			text := "null"
			if m.Value != nil {
				text = fmt.Sprint(numbers(t, [][]byte{m.Value})[0])
			}
			got = append(got, fmt.Sprintf("%s=%s", m.Key, text))
		}
		if at := int(c.committed(group, topic)); group == "another" && at != c.size(topic) {
			t.Errorf("committed to %d of %d", at, c.size(topic))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("group %s (-want +got):\n%s", group, diff)
		}
	}
}
