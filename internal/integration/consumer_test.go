//go:build integration

package integration

import (
	"fmt"
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
	var all []int
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// Where a consumer starts and ends.
func TestIntegrationConsumer(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	// run consumes a topic to its end.
	run := func(t *testing.T, topic, options string, args ...string) []int {
		t.Helper()
		dir := folder(t, map[string]string{
			"consume.yaml": fmt.Sprintf("source: {kafka: {topics: %s, group: %s-group, %s}}\nsink: print\n", topic, topic, options)})
		p := start(t, dir, c.Addr(), append(args, "consume.yaml")...)
		p.exits(0, patience)
		got := numbers(t, lines(p.stdout.String()))
		if diff := cmp.Diff(outcome{"consume", "completed", "", counts{Read: len(got), Written: len(got)}}, p.outcome("consume")); diff != "" {
			t.Error(diff)
		}
		return got
	}
	equal := func(t *testing.T, want, got []int) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}

	t.Run("committed", func(t *testing.T) {
		c := c.in(t)
		c.create("committed", 1)
		c.produce(numbered("committed", 0, 250)...)
		equal(t, span(0, 100), run(t, "committed", "from: committed", "--limit", "100"))
		equal(t, span(100, 200), run(t, "committed", "from: committed", "--limit", "100"))
		equal(t, span(200, 250), run(t, "committed", "until: end"))
		equal(t, []int{}, run(t, "committed", "until: end"))
		equal(t, span(0, 250), run(t, "committed", "until: end, from: beginning"))
		c.produce(numbered("committed", 250, 260)...)
		equal(t, span(250, 260), run(t, "committed", "until: end"))
	})
	t.Run("no group", func(t *testing.T) {
		c := c.in(t)
		c.create("grouped", 1)
		c.produce(numbered("grouped", 0, 100)...)
		for range 2 {
			dir := folder(t, map[string]string{"consume.yaml": "source: {kafka: {topics: grouped, group: none, until: end}}\nsink: print\n"})
			p := start(t, dir, c.Addr(), "consume.yaml")
			p.exits(0, patience)
			allInOrder(t, numbers(t, lines(p.stdout.String())), 100)
		}
		ctx, cancel := c.context()
		defer cancel()
		groups, err := c.admin.ListGroups(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := groups["pipeline-consume"]; ok {
			t.Error("there is a group")
		}
	})
	t.Run("time", func(t *testing.T) {
		c := c.in(t)
		c.create("timed", 1, "retention.ms", "-1")
		messages := numbered("timed", 0, 100)
		for i, m := range messages {
			m.Timestamp = time.Date(2021, 1, 1, 0, i, 0, 0, time.UTC)
		}
		c.produce(messages...)
		equal(t, span(30, 100), run(t, "timed", "until: end, from: '2021-01-01 00:30:00'"))
		equal(t, span(40, 100), run(t, "timed", "until: end, from: '2021-01-01T01:39:01+01:00'"))
		equal(t, []int{}, run(t, "timed", "until: end, from: -10m"))
		equal(t, []int{}, run(t, "timed", "until: end, from: end"))
	})
	t.Run("end", func(t *testing.T) {
		c := c.in(t)
		c.create("end", 1)
		c.produce(numbered("end", 0, 100)...)
		dir := folder(t, map[string]string{"consume.yaml": "source: {kafka: {topics: end, group: end-group, from: end}}\nsink: print\n"})
		p := start(t, dir, c.Addr(), "consume.yaml")
		eventually(t, "a member of the group", func() bool { return c.members("end-group") == 1 })
		c.produce(numbered("end", 100, 200)...)
		equal(t, span(100, 200), numbers(t, p.prints(100)))
		p.signal(syscall.SIGINT)
		p.exits(0, promptly)
		if at := c.committed("end-group", "end"); at != 200 {
			t.Errorf("%d are committed", at)
		}
	})
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
