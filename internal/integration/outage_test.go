//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestIntegrationBrokerStopped(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	testOutage(t, c, 4500, c.Stop, 20*time.Second)
}

func TestIntegrationBrokerKilled(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	testOutage(t, c, 2000, c.Kill, 3*time.Second)
}

// testOutage takes the broker away in the middle of a replay of 100 rows a
// second, and of a pipeline that reads them.
func testOutage(t *testing.T, c *cluster, n int, takeAway func(), away time.Duration) {
	dir := folder(t, map[string]string{
		"rows.csv": rows(n, 100*time.Millisecond),
		"replay.yaml": `
source: {csv: {path: rows.csv}}
pace: {speed: 10}
sink: {kafka: {topic: t, key: sensor, create: {partitions: 3}}}
`,
		"consume.yaml": `
source: {kafka: {topics: t}}
sink: {file: {path: got.jsonl}}
`})
	replay := start(t, dir, c.Addr(), "replay.yaml")
	consume := start(t, dir, c.Addr(), "consume.yaml")
	got := func() []string {
		text, err := os.ReadFile(filepath.Join(dir, "got.jsonl"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return lines(string(text))
	}
	eventually(t, "that records arrive", func() bool { return len(got()) > n/20 })

	takeAway()
	<-time.After(away)
	c.Restart()
	if !replay.running() || !consume.running() {
		t.Error("the pipelines did not last until the broker was back")
	}
	replay.exits(0, patience)
	eventually(t, "that all records arrive", func() bool {
		seen := map[string]bool{}
		for _, line := range got() {
			seen[line] = true
		}
		return len(seen) >= n
	})
	consume.signal(syscall.SIGINT)
	consume.exits(0, patience)

	// Nothing is lost, there twice or out of order.
	replay.reports("replay", "completed", counts{Read: n, Written: n})
	stored := numbers(t, values(c.messages("t")))
	if len(stored) != n {
		t.Errorf("%d messages, want %d", len(stored), n)
	}
	inOrderBySensor(t, stored, n)

	// What is read is at least once and in order.
	inOrderBySensor(t, numbers(t, got()), n)
	consume.reports("consume", "stopped", counts{Read: len(got()), Written: len(got())})
	t.Logf("%d of %d were read again", len(got())-n, n)
	for _, p := range []*process{replay, consume} {
		p.says(fmt.Sprintf("a Kafka broker doesn't answer; trying again until it does\" pipeline=%s", p.name()), 0)
		p.says(fmt.Sprintf("the Kafka broker answers again\" pipeline=%s", p.name()), 0)
	}
}
