//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestIntegrationTopicNotCreatable(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	dir := folder(t, map[string]string{
		"rows.csv":    rows(10, time.Second),
		"replay.yaml": "source: {csv: {path: rows.csv}}\nsink: {kafka: {topic: t, create: {replication_factor: 3}}}\n",
		"bad.yaml":    "source: {csv: {path: rows.csv}}\nsink: {kafka: {topic: u, create: {config: {retention.ms: soon}}}}\n",
		"none.yaml":   "source: {csv: {path: rows.csv}}\nsink: {kafka: {topic: v, create: false}}\n"})
	p := start(t, dir, c.Addr(), "replay.yaml", "bad.yaml", "none.yaml")
	p.exits(1, 10*time.Second)
	for name, want := range map[string]string{
		"replay": `sink kafka: can't create topic "t" with partitions=1 replication_factor=3: Unable to replicate the partition 3 time(s): `,
		"bad":    `sink kafka: can't create topic "u" with partitions=1 replication_factor=-1 retention.ms=soon: Invalid value soon for configuration retention.ms: `,
		"none":   `sink kafka: topic "v" doesn't exist: create it, or let the sink do so by removing create: false`,
	} {
		p.failedWith(name, want)
	}
}

// A record that is larger than the topic takes fails alone.
func TestIntegrationRecordTooLarge(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, large = 1000, 500
	sink := `
sink: {kafka: {topic: %[1]s, create: {config: {max.message.bytes: 2000}}}}
errors: {on_failure: dead_letter}
dead_letter: {kafka: {topic: %[1]s-dead}}
`
	text := rowsWithLarge(n, large)
	dir := folder(t, map[string]string{
		"rows.csv":  strings.Join(text, "\n") + "\n",
		"rows.yaml": "source: {csv: {path: rows.csv}}" + fmt.Sprintf(sink, "rows"),
		"copy.yaml": "source: {kafka: {topics: in, until: end}}" + fmt.Sprintf(sink, "copy")})
	c.create("in", 1)
	bytes := make([]byte, 3000)
	before := []kgo.RecordHeader{{Key: "h", Value: []byte{0, 255}}, {Key: "null"}}
	c.produce(&kgo.Record{Topic: "in", Value: []byte(`{"n":0}`)},
		&kgo.Record{Topic: "in", Key: []byte("k"), Value: bytes, Headers: before},
		&kgo.Record{Topic: "in", Value: []byte(`{"n":1}`)})

	p := start(t, dir, c.Addr(), "rows.yaml", "copy.yaml")
	p.exits(0, patience)
	p.reports("rows", "completed", counts{Read: n, Written: n - 1, DeadLettered: 1})
	p.reports("copy", "completed", counts{Read: 3, Written: 2, DeadLettered: 1})
	allInOrder(t, numbers(t, values(c.messages("copy"))), 2)
	var rest []int
	for i := range n {
		if i != large {
			rest = append(rest, i)
		}
	}
	if diff := cmp.Diff(rest, numbers(t, values(c.messages("rows")))); diff != "" {
		t.Error(diff)
	}

	letter := deadLetter(t, c, "rows")
	if diff := cmp.Diff(text[1+large], string(letter.Value)); diff != "" || letter.Key != nil {
		t.Errorf("key %q, value %s", letter.Key, diff)
	}
	if diff := cmp.Diff(map[string]string{"origin.file": "rows.csv", "origin.line": fmt.Sprint(large + 2)}, reported(t, letter.Headers, "rows")); diff != "" {
		t.Error(diff)
	}
	letter = deadLetter(t, c, "copy")
	if diff := cmp.Diff(bytes, letter.Value); diff != "" || string(letter.Key) != "k" {
		t.Errorf("key %q, value %s", letter.Key, diff)
	}
	if diff := cmp.Diff(before, letter.Headers[:2]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"origin.topic": "in", "origin.partition": "0", "origin.offset": "1"}, reported(t, letter.Headers[2:], "copy")); diff != "" {
		t.Error(diff)
	}
}

// rowsWithLarge returns the lines of a CSV of n rows of which one is large.
func rowsWithLarge(n, large int) []string {
	text := []string{"timestamp,n,text"}
	for i := range n {
		cell := "small"
		if i == large {
			cell = strings.Repeat("large", 500)
		}
		text = append(text, fmt.Sprintf("2021-01-01 00:00:00,%d,%s", i, cell))
	}
	return text
}

// deadLetter returns the only dead letter of a topic.
func deadLetter(t *testing.T, c *cluster, topic string) *kgo.Record {
	t.Helper()
	letters := c.messages(topic + "-dead")
	if len(letters) != 1 {
		t.Fatalf("%d dead letters", len(letters))
	}
	return letters[0]
}

// reported checks the headers of a dead letter that are always there and
// returns the others.
func reported(t *testing.T, headers []kgo.RecordHeader, name string) map[string]string {
	t.Helper()
	rest := map[string]string{}
	for _, h := range headers {
		key, ok := strings.CutPrefix(h.Key, "pipeline.error.")
		if !ok {
			t.Errorf("there is a header %s", h.Key)
		}
		rest[key] = string(h.Value)
	}
	if at, err := time.Parse(time.RFC3339, rest["time"]); err != nil || time.Since(at) > patience {
		t.Errorf("time: %q", rest["time"])
	}
	const want = `bytes is larger than topic "%s" takes, whose max.message.bytes is 2000`
	if got := rest["error"]; !strings.HasSuffix(got, fmt.Sprintf(want, name)) {
		t.Errorf("error: %q", got)
	}
	if at, err := time.Parse(time.RFC3339, rest["timestamp"]); err != nil || at.IsZero() {
		t.Errorf("timestamp: %q", rest["timestamp"])
	}
	delete(rest, "timestamp")
	delete(rest, "time")
	delete(rest, "error")
	for key, want := range map[string]string{"pipeline": name, "stage": "sink", "plugin": "kafka", "attempts": "1"} {
		if rest[key] != want {
			t.Errorf("%s: %q, want %q", key, rest[key], want)
		}
		delete(rest, key)
	}
	return rest
}
