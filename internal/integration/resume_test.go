//go:build integration

package integration

import (
	"syscall"
	"testing"
	"time"
)

// A replay of 200 rows a second is stopped, goes on, is killed, and goes on.
func TestIntegrationResume(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, rate = 3000, 200
	dir := folder(t, map[string]string{
		"rows.csv": rows(n, time.Second/rate),
		"replay.yaml": `
source: {csv: {path: rows.csv}}
pace: {speed: 1}
sink: {kafka: {topic: t}}
resume: true
`})
	stopped := start(t, dir, c.Addr(), "replay.yaml")
	c.awaitSize("t", 2*rate)
	stopped.signal(syscall.SIGINT)
	stopped.exits(0, promptly)
	written := c.size("t")
	stopped.reports("replay", "stopped", counts{Read: written, Written: written})
	allInOrder(t, numbers(t, values(c.messages("t"))), written)

	killed := start(t, dir, c.Addr(), "replay.yaml")
	c.awaitSize("t", written+3*rate)
	killed.signal(syscall.SIGKILL)
	killed.exits(-1, promptly)
	last := start(t, dir, c.Addr(), "replay.yaml", "--speed", "max")
	last.exits(0, patience)

	got := numbers(t, values(c.messages("t")))
	back, err := retell(got, 0, 1, n)
	if err != nil || back > 1 {
		t.Errorf("%d steps back: %v", back, err)
	}
	if again := len(got) - n; again > 2*rate {
		t.Errorf("%d rows come again, which are those of %.1f s", again, float64(again)/rate)
	} else {
		t.Logf("%d rows come again", again)
	}
}
