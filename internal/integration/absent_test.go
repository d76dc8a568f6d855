//go:build integration

package integration

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// What a user takes for promptly and for at once.
const (
	promptly = 5 * time.Second
	atOnce   = time.Second
)

// What a pipeline does while no broker listens where one was named.
func TestIntegrationNoBroker(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n = 1000
	dir := folder(t, map[string]string{
		"rows.csv":     rows(n, time.Second),
		"replay.yaml":  "source: {csv: {path: rows.csv}}\nsink: {kafka: {topic: t}}\n",
		"consume.yaml": "source: {kafka: {topics: t}}\nsink: print\n"})
	c.Stop()

	var waiting []*process
	for _, file := range []string{"replay.yaml", "consume.yaml"} {
		p := start(t, dir, "", file, "--brokers", c.Addr())
		p.says("no Kafka broker answers; trying again until one does\" pipeline="+p.name(), promptly)
		p.says(c.Addr()+" (connection refused)", 0)
		waiting = append(waiting, p)

		stopped := start(t, dir, "", file, "--brokers", c.Addr())
		stopped.says("no Kafka broker answers", promptly)
		stopped.signal(syscall.SIGINT)
		stopped.exits(0, atOnce)
		stopped.reports(p.name(), "stopped", counts{})
	}
	c.Restart()
	replay, consume := waiting[0], waiting[1]
	replay.exits(0, patience)
	allInOrder(t, numbers(t, consume.prints(n)), n)
	allInOrder(t, numbers(t, values(c.messages("t"))), n)
	for _, p := range waiting {
		p.says("a Kafka broker answers\" pipeline="+p.name(), 0)
	}
	consume.signal(syscall.SIGINT)
	consume.exits(0, promptly)
}

// What was released while the broker is away is waited for: until the broker is
// back, until the grace time is over, or until a second signal.
func TestIntegrationStopWithoutBroker(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	files := map[string]string{
		"rows.csv":     rows(3000, 10*time.Millisecond),
		"consume.yaml": "source: {kafka: {topics: back}}\nsink: print\n"}
	for _, name := range []string{"back", "grace", "twice"} {
		files[name+".yaml"] = "source: {csv: {path: rows.csv}}\npace: {speed: 1}\nsink: {kafka: {topic: " + name + "}}\n"
	}
	dir := folder(t, files)
	back := start(t, dir, c.Addr(), "back.yaml", "--grace", "1h")
	grace := start(t, dir, c.Addr(), "grace.yaml", "--grace", "2s")
	twice := start(t, dir, c.Addr(), "twice.yaml", "--grace", "1h")
	consume := start(t, dir, c.Addr(), "consume.yaml")
	consume.prints(100)
	c.awaitSize("grace", 100)
	c.awaitSize("twice", 100)
	c.Kill()
	for _, p := range []*process{back, grace, twice, consume} {
		p.says("a Kafka broker doesn't answer", patience)
	}

	consume.signal(syscall.SIGINT)
	consume.exits(0, promptly)
	printed := len(lines(consume.stdout.String()))

	twice.signal(syscall.SIGINT)
	twice.says("press Ctrl-C again to quit at once", promptly)
	twice.signal(syscall.SIGINT)
	twice.exits(130, atOnce)

	grace.signal(syscall.SIGINT)
	grace.exits(1, 2*time.Second+atOnce)
	o := grace.outcome("grace")
	grace.says(fmt.Sprintf("%d records not delivered: released, but not known to be stored\n", o.Records.Failed), 0)
	if o.State != "failed" || o.Records.Failed < 100 || o.Records.Read != o.Records.Written+o.Records.Failed {
		t.Errorf("%+v", o)
	}

	back.signal(syscall.SIGINT)
	back.says("press Ctrl-C again to quit at once", promptly)
	c.Restart()
	back.exits(0, patience)
	if at := c.committed("pipeline-consume", "back"); int(at) < printed {
		consume.says("can't commit the last positions: some messages will be read again", 0)
	}
	stored := numbers(t, values(c.messages("back")))
	allInOrder(t, stored, len(stored))
	back.reports("back", "stopped", counts{Read: len(stored), Written: len(stored)})
	stored = numbers(t, values(c.messages("grace")))
	allInOrder(t, stored, len(stored))
	if len(stored) < o.Records.Written || len(stored) > o.Records.Read {
		t.Errorf("%d are stored, of %+v", len(stored), o.Records)
	}
}
