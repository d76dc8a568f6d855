//go:build integration

package integration

import (
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const promptly = 5 * time.Second

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
		stopped.exits(0, promptly)
		if diff := cmp.Diff(outcome{p.name(), "stopped", "", counts{}}, stopped.outcome(p.name())); diff != "" {
			t.Error(diff)
		}
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

var undelivered = regexp.MustCompile(`(?m)^  ([\d,]+) records not delivered: released, but not known to be stored$`)

// What was released while the broker is away is waited for: until the grace
// time is over, or a second signal.
func TestIntegrationStopWithoutBroker(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	dir := folder(t, map[string]string{
		"rows.csv": rows(3000, 10*time.Millisecond),
		"a.yaml":   "source: {csv: {path: rows.csv}}\npace: {speed: 1}\nsink: {kafka: {topic: a}}\n",
		"b.yaml":   "source: {csv: {path: rows.csv}}\npace: {speed: 1}\nsink: {kafka: {topic: b}}\n"})
	grace := start(t, dir, c.Addr(), "a.yaml", "--grace", "2s")
	twice := start(t, dir, c.Addr(), "b.yaml", "--grace", "1h")
	c.awaitSize("a", 100)
	c.awaitSize("b", 100)
	c.Kill()
	grace.says("a Kafka broker doesn't answer", patience)
	twice.says("a Kafka broker doesn't answer", patience)

	twice.signal(syscall.SIGINT)
	twice.says("press Ctrl-C again to quit at once", promptly)
	twice.signal(syscall.SIGINT)
	twice.exits(130, time.Second)

	grace.signal(syscall.SIGINT)
	grace.exits(1, 2*time.Second+promptly)
	o := grace.outcome("a")
	said := undelivered.FindStringSubmatch(grace.stderr.String())
	if o.State != "failed" || said == nil || said[1] != strconv.Itoa(o.Records.Failed) ||
		o.Records.Failed < 100 || o.Records.Read != o.Records.Written+o.Records.Failed {
		t.Errorf("%+v; of what is not delivered it says %q", o, said)
	}
	c.Restart()
	stored := numbers(t, values(c.messages("a")))
	allInOrder(t, stored, len(stored))
	if len(stored) < o.Records.Written || len(stored) > o.Records.Read {
		t.Errorf("%d are stored, of %d that were released and %d known to be stored", len(stored), o.Records.Read, o.Records.Written)
	}
}
