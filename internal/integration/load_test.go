//go:build integration

package integration

import (
	"syscall"
	"testing"
	"time"
)

// The broker is killed under a replay, and a copy of what it writes, that go
// as fast as they can.
func TestIntegrationBrokerKilledUnderLoad(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n = 2_000_000
	dir := folder(t, map[string]string{
		"rows.csv":    rows(n, time.Millisecond),
		"replay.yaml": "source: {csv: {path: rows.csv}}\nsink: {kafka: {topic: t}}\n",
		"copy.yaml":   "source: {kafka: {topics: t}}\nsink: {kafka: {topic: copy}}\n"})
	c.create("t", 1)
	copying := start(t, dir, c.Addr(), "copy.yaml")
	eventually(t, "a member of the group", func() bool { return c.members("pipeline-copy") == 1 })
	replay := start(t, dir, c.Addr(), "replay.yaml")
	c.awaitSize("copy", n/20)
	c.Kill()
	if !replay.running() {
		t.Fatal("the replay was over before the broker was killed")
	}
	c.Restart()
	replay.exits(0, patience)
	c.awaitSize("copy", n)
	copying.signal(syscall.SIGINT)
	copying.exits(0, patience)

	replay.reports("replay", "completed", counts{Read: n, Written: n})
	allInOrder(t, numbers(t, values(c.messages("t"))), n)
	copied := numbers(t, values(c.messages("copy")))
	if _, err := retell(copied, 0, 1, n); err != nil {
		t.Error(err)
	}
	copying.reports("copy", "stopped", counts{Read: len(copied), Written: len(copied)})
	t.Logf("%d of %d were copied again", len(copied)-n, n)
}
