//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// numbered returns messages with the numbers from…to-1.
func numbered(topic string, from, to int) []*kgo.Record {
	var all []*kgo.Record
	for i := from; i < to; i++ {
		all = append(all, &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	return all
}

// span is the numbers from…to-1.
func span(from, to int) []int {
	all := []int{}
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// Where a consumer starts and ends.
func TestIntegrationConsumer(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	for name, test := range map[string]func(*testing.T, *cluster){
		"committed": testCommitted, "no group": testNoGroup, "from a time": testFromTime, "from the end": testFromEnd,
	} {
		t.Run(name, func(t *testing.T) { test(t, c.in(t)) })
	}
}

// consumer is a pipeline that reads a topic of its own name.
func consumer(topic, options string) string {
	return fmt.Sprintf("name: %[1]s\nsource: {kafka: {topics: %[1]s, %[2]s}}\nsink: print\n", topic, options)
}

// consume runs a consumer to its end, and returns the numbers that it prints.
func consume(t *testing.T, c *cluster, dir, topic, options string, args ...string) []int {
	t.Helper()
	p := start(t, dir, c.Addr(), append(args, write(t, dir, consumer(topic, options)))...)
	p.exits(0, patience)
	got := numbers(t, lines(p.stdout.String()))
	p.reports(topic, "completed", counts{Read: len(got), Written: len(got)})
	return got
}

func write(t *testing.T, dir, pipeline string) (file string) {
	t.Helper()
	file = filepath.Join(dir, "consume.yaml")
	if err := os.WriteFile(file, []byte(pipeline), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func equal(t *testing.T, want, got []int) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func testCommitted(t *testing.T, c *cluster) {
	const topic = "committed"
	c.create(topic, 1)
	c.produce(numbered(topic, 0, 250)...)
	dir := t.TempDir()
	equal(t, span(0, 100), consume(t, c, dir, topic, "from: committed", "--limit", "100"))
	equal(t, span(100, 200), consume(t, c, dir, topic, "from: committed", "--limit", "100"))
	equal(t, span(200, 250), consume(t, c, dir, topic, "until: end"))
	equal(t, span(0, 0), consume(t, c, dir, topic, "until: end"))
	equal(t, span(0, 250), consume(t, c, dir, topic, "until: end, from: beginning"))
	c.produce(numbered(topic, 250, 260)...)
	equal(t, span(250, 260), consume(t, c, dir, topic, "until: end"))
}

func testNoGroup(t *testing.T, c *cluster) {
	const topic = "alone"
	c.create(topic, 1)
	c.produce(numbered(topic, 0, 100)...)
	dir := t.TempDir()
	for range 2 {
		equal(t, span(0, 100), consume(t, c, dir, topic, "group: none, until: end"))
	}
	resumes := []string{"--set", "resume=true"}
	equal(t, span(0, 40), consume(t, c, dir, topic, "group: none", append(resumes, "--limit", "40")...))
	equal(t, span(40, 100), consume(t, c, dir, topic, "group: none, until: end", resumes...))
	equal(t, span(0, 0), consume(t, c, dir, topic, "group: none, until: end", resumes...))
	equal(t, span(0, 100), consume(t, c, dir, topic, "group: none, until: end, from: beginning", resumes...))

	ctx, cancel := c.context()
	defer cancel()
	groups, err := c.admin.ListGroups(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, there := groups["pipeline-"+topic]; there {
		t.Error("there is a group")
	}
}

func testFromTime(t *testing.T, c *cluster) {
	const topic = "timed"
	c.create(topic, 1, "retention.ms", "-1")
	messages := numbered(topic, 0, 100)
	for i, m := range messages {
		m.Timestamp = time.Date(2021, 1, 1, 0, i, 0, 0, time.UTC)
	}
	c.produce(messages...)
	dir := t.TempDir()
	equal(t, span(30, 100), consume(t, c, dir, topic, "until: end, from: '2021-01-01 00:30:00'"))
	equal(t, span(40, 100), consume(t, c, dir, topic, "until: end, from: '2021-01-01T01:39:01+01:00'"))
	equal(t, span(0, 0), consume(t, c, dir, topic, "until: end, from: -10m"))
	equal(t, span(0, 0), consume(t, c, dir, topic, "until: end, from: end"))
}

func testFromEnd(t *testing.T, c *cluster) {
	const topic = "end"
	c.create(topic, 1)
	c.produce(numbered(topic, 0, 100)...)
	dir := t.TempDir()
	p := start(t, dir, c.Addr(), write(t, dir, consumer(topic, "from: end")))
	eventually(t, "that it is in its group", func() bool { return c.members("pipeline-"+topic) == 1 })
	c.produce(numbered(topic, 100, 200)...)
	equal(t, span(100, 200), numbers(t, p.prints(100)))
	p.signal(syscall.SIGINT)
	p.exits(0, promptly)
	if at := c.committed("pipeline-"+topic, topic); at != 200 {
		t.Errorf("%d are committed, want 200", at)
	}
}

// A consumer that is killed goes on at most a second back.
func TestIntegrationConsumerKilled(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, rate = 1500, 200
	dir := folder(t, map[string]string{
		"rows.csv":     rows(n, time.Second/rate),
		"replay.yaml":  "source: {csv: {path: rows.csv}}\npace: {speed: 1}\nsink: {kafka: {topic: t}}\n",
		"consume.yaml": "source: {kafka: {topics: t}}\nsink: print\n"})
	replay := start(t, dir, c.Addr(), "replay.yaml")
	killed := start(t, dir, c.Addr(), "consume.yaml")
	killed.prints(3 * rate)
	killed.signal(syscall.SIGKILL)
	killed.exits(-1, promptly)
	got := numbers(t, lines(killed.stdout.String()))

	next := start(t, dir, c.Addr(), "consume.yaml", "--limit", fmt.Sprint(n-len(got)))
	replay.exits(0, patience)
	next.exits(0, patience)
	got = append(got, numbers(t, lines(next.stdout.String()))...)
	next = start(t, dir, c.Addr(), "consume.yaml", "--set", "source.kafka.until=end")
	next.exits(0, patience)
	got = append(got, numbers(t, lines(next.stdout.String()))...)

	back, err := retell(got, 0, 1, n)
	if err != nil || back > 1 {
		t.Errorf("%d steps back: %v", back, err)
	}
	if again := len(got) - n; again > 2*rate {
		t.Errorf("%d are read again", again)
	} else {
		t.Logf("%d are read again", again)
	}
}
