//go:build integration

package integration

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

const uuidHeader = "_watermill_message_uuid"

// labelled returns messages with the numbers 0…n-1, spread over the partitions
// of a topic, each with a key of its own. Their headers, metadata to Watermill,
// tell the number, too.
func labelled(topic string, partitions, n int) []*kgo.Record {
	all := numbered(topic, 0, n)
	for i, m := range all {
		m.Partition, m.Key = int32(i%partitions), fmt.Append(nil, "key-", i%partitions)
		m.Headers = []kgo.RecordHeader{{Key: "number", Value: fmt.Append(nil, i)}, {Key: uuidHeader, Value: fmt.Append(nil, "id-", i)}}
	}
	return all
}

// check checks that messages have what their numbers were given, and returns
// the numbers by their key.
func check(t *testing.T, messages []*kgo.Record, partitions int) [][]int {
	t.Helper()
	of, in := make([][]int, partitions), map[int]int32{}
	for i, n := range numbers(t, values(messages)) {
		m, key := messages[i], n%partitions
		if got, id := header(m, "number"), header(m, uuidHeader); got != fmt.Sprint(n) || id != "id-"+got || string(m.Key) != fmt.Sprint("key-", key) {
			t.Fatalf("number %d has the key %q, number %q and UUID %q", n, m.Key, got, id)
		}
		if p, known := in[key]; known && p != m.Partition {
			t.Fatalf("%s is in the partitions %d and %d", m.Key, p, m.Partition)
		}
		in[key], of[key] = m.Partition, append(of[key], n)
	}
	return of
}

// A pipeline between two of Watermill's Pub/Subs on Kafka is killed half way
// and started again, and then its broker is: everything arrives, and what was
// acknowledged at the kill had been stored. The order of a key is kept.
func TestIntegrationWatermillKilled(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, partitions = 6000, 3
	c.create("in", partitions)
	c.create("out", 2)
	c.produce(labelled("in", partitions, n)...)
	dir := folder(t, map[string]string{"pass.yaml": `
source: {watermill: {pubsub: kafka, topic: in}}
sink: {watermill: {pubsub: kafka, topic: out}}
`})
	const group = "pipeline-pass"
	killed := start(t, dir, c.Addr(), "pass.yaml")
	c.awaitSize("out", n/2)
	killed.signal(syscall.SIGKILL)
	killed.exits(-1, promptly)

	acknowledged, ends := 0, c.committedAll(group, "in")
	for key, got := range check(t, c.messages("out"), partitions) {
		end := int(ends[int32(key)])
		if acknowledged += end; end > len(got) {
			t.Errorf("key %d: %d are acknowledged, and %d stored", key, end, len(got))
		}
	}
	stored := c.size("out")
	if acknowledged == 0 || stored == n {
		t.Fatalf("killed with %d of %d stored and %d acknowledged, which is not half way", stored, n, acknowledged)
	}

	next := start(t, dir, c.Addr(), "pass.yaml")
	c.awaitSize("out", stored+n/6)
	c.Stop()
	c.Restart()
	eventually(t, "that all is acknowledged", func() bool {
		done := 0
		for _, end := range c.committedAll(group, "in") {
			done += int(end)
		}
		return done == n
	})
	next.signal(syscall.SIGINT)
	next.exits(0, promptly)
	again := c.size("out") - n
	next.reports("pass", "stopped", counts{Read: n + again - stored, Written: n + again - stored})
	for key, got := range check(t, c.messages("out"), partitions) {
		if _, err := retell(got, key, partitions, n/partitions); err != nil {
			t.Errorf("key %d: %v", key, err)
		}
	}
	t.Logf("%d of %d stored and %d acknowledged when it was killed; %d again", stored, n, acknowledged, again)
}

// What a pipeline may meet that reads or writes by Watermill.
func TestIntegrationWatermill(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	for name, test := range map[string]func(*testing.T, *cluster){
		"Ack": testWatermillAck, "10 MB": testWatermillLarge, "aborted": testWatermillAborted,
	} {
		t.Run(name, func(t *testing.T) { test(t, c.in(t)) })
	}
}

// A message is acknowledged when its record is done, and not before: here at a
// handler that holds one, and answers nothing more.
func testWatermillAck(t *testing.T, c *cluster) {
	const n, held = 20, 10
	c.create("in", 1)
	c.produce(labelled("in", 1, n)...)
	dir := folder(t, map[string]string{
		"hold.sh": fmt.Sprintf(`while read -r record; do
  case $record in *'"n":%d}'*) echo holds >&2; exec cat 3>&1 >/dev/null ;; esac
  id=${record#*'"id":'}
  echo "{\"id\":${id%%%%,*}}"
done
`, held),
		"hold.yaml": `
source: {watermill: {pubsub: {kafka: {group: mine}}, topic: in}}
handler: {exec: {command: [sh, hold.sh], timeout: 10m}}
`})
	p := start(t, dir, c.Addr(), "hold.yaml")
	p.says("holds", patience)
	eventually(t, "that what is done is acknowledged", func() bool { return c.committed("mine", "in") == held })
	p.signal(syscall.SIGINT)
	p.says("press Ctrl-C again to quit at once", promptly)
	p.signal(syscall.SIGINT)
	p.exits(130, promptly)
	if at := c.committed("mine", "in"); at != held {
		t.Errorf("%d are acknowledged, want %d", at, held)
	}
}

func testWatermillLarge(t *testing.T, c *cluster) {
	const size = 10 << 20
	for _, topic := range []string{"large", "large-copy"} {
		c.create(topic, 1, "max.message.bytes", "12000000")
	}
	client := c.connect(kgo.ProducerBatchMaxBytes(11_000_000), kgo.DefaultProduceTopic("large"))
	value := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	if err := client.ProduceSync(t.Context(), kgo.SliceRecord(value), kgo.StringRecord("small")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{"large.yaml": `
source: {watermill: {pubsub: kafka, topic: large}}
sink: {watermill: {pubsub: kafka, topic: large-copy}}
codec: raw
`})
	p := start(t, dir, c.Addr(), "large.yaml", "--limit", "2")
	p.exits(0, patience)
	if got := c.messages("large-copy"); !bytes.Equal(value, got[0].Value) || string(got[1].Value) != "small" {
		t.Errorf("%d bytes, %s", len(got[0].Value), got[1].Value)
	}
}

// Messages of transactions that were aborted are not read.
func testWatermillAborted(t *testing.T, c *cluster) {
	const topic, each = "aborted", 10
	c.create(topic, 1)
	client := c.connect(kgo.TransactionalID("writer"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for i, commit := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), numbered(topic, i*each, (i+1)*each)...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(t.Context(), commit); err != nil {
			t.Fatal(err)
		}
	}
	dir := folder(t, map[string]string{"read.yaml": "source: {watermill: {pubsub: kafka, topic: aborted}}\nsink: print\n"})
	p := start(t, dir, c.Addr(), "read.yaml", "--limit", fmt.Sprint(2*each))
	p.exits(0, patience)
	equal(t, append(span(0, each), span(2*each, 3*each)...), numbers(t, lines(p.stdout.String())))
}
