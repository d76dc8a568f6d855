//go:build integration

package integration

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

const uuidHeader = "_watermill_message_uuid"

// labelled returns messages with the numbers 0…n-1, spread over the partitions
// of a topic, whose headers, metadata to Watermill, tell the number, too.
func labelled(topic string, partitions, n int) []*kgo.Record {
	all := numbered(topic, 0, n)
	for i, m := range all {
		m.Partition = int32(i % partitions)
		m.Headers = []kgo.RecordHeader{{Key: "number", Value: fmt.Append(nil, i)}, {Key: uuidHeader, Value: fmt.Append(nil, "id-", i)}}
	}
	return all
}

// tried is how often each of n numbers is among the messages, each of which
// has the headers that its number was given.
func tried(t *testing.T, messages []*kgo.Record, n int) []int {
	t.Helper()
	times := make([]int, n)
	for i, number := range numbers(t, values(messages)) {
		m := messages[i]
		if got, id := header(m, "number"), header(m, uuidHeader); got != fmt.Sprint(number) || id != "id-"+got {
			t.Fatalf("number %d has the headers number %q and UUID %q", number, got, id)
		}
		times[number]++
	}
	return times
}

// A pipeline between two of Watermill's Pub/Subs on Kafka is killed half way
// and started again, and then its broker is: everything arrives, and what was
// acknowledged at the kill had been stored.
func TestIntegrationWatermillKilled(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, partitions = 6000, 3
	c.create("in", partitions)
	c.create("out", 1)
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

	times := tried(t, c.messages("out"), n)
	acknowledged := 0
	for p, end := range c.committedAll(group, "in") {
		acknowledged += int(end)
		for offset := range int(end) {
			if number := offset*partitions + int(p); times[number] == 0 {
				t.Errorf("number %d is acknowledged, and was not stored", number)
			}
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
	for number, times := range tried(t, c.messages("out"), n) {
		if times == 0 {
			t.Errorf("number %d is lost", number)
		}
	}
	t.Logf("%d of %d stored and %d acknowledged when it was killed; %d again", stored, n, acknowledged, again)
}

// A message is acknowledged when its record is done, and not before: here at a
// handler that holds one, and answers nothing more.
func TestIntegrationWatermillAck(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, held = 20, 10
	c.create("in", 1)
	c.produce(labelled("in", 1, n)...)
	dir := folder(t, map[string]string{
		"hold.sh": fmt.Sprintf(`while read -r record; do
  case $record in *'"n":%d}'*) echo holds >&2; exec cat >/dev/null ;; esac
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
	p.signal(syscall.SIGINT)
	p.exits(1, promptly)
	if at := c.committed("mine", "in"); at != held {
		t.Errorf("%d are acknowledged, want %d", at, held)
	}
}
