//go:build integration

package integration

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// A second process joins a group while messages arrive, and then the first one
// leaves it. Every message is read once, and in order.
func TestIntegrationGroupMembers(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, rate = 3000, 100
	dir := folder(t, map[string]string{
		"rows.csv":     rows(n, time.Second/rate),
		"replay.yaml":  "source: {csv: {path: rows.csv}}\npace: {speed: 1}\nsink: {kafka: {topic: t, key: sensor, create: {partitions: 4}}}\n",
		"consume.yaml": "source: {kafka: {topics: t}}\nsink: print\n"})
	first := start(t, dir, c.Addr(), "consume.yaml")
	replay := start(t, dir, c.Addr(), "replay.yaml")
	first.prints(rate)
	second := start(t, dir, c.Addr(), "consume.yaml")
	second.prints(1)
	first.signal(syscall.SIGINT)
	first.exits(0, promptly)
	if !replay.running() {
		t.Error("the replay was over before the first consumer left")
	}
	replay.exits(0, patience)

	before := numbers(t, lines(first.stdout.String()))
	both := func() []int { return append(slices.Clone(before), numbers(t, lines(second.stdout.String()))...) }
	eventually(t, "that all is read", func() bool {
		all := both()
		slices.Sort(all)
		return len(slices.Compact(all)) == n
	})
	second.signal(syscall.SIGINT)
	second.exits(0, promptly)
	if again := len(both()) - n; again > 0 {
		t.Errorf("%d of %d were read by the first, %d again", len(before), n, again)
	}
	for _, p := range []*process{first, second} {
		got := numbers(t, lines(p.stdout.String()))
		p.reports("consume", "stopped", counts{Read: len(got), Written: len(got)})
		for s := range sensors {
			ofSensor := slices.DeleteFunc(slices.Clone(got), func(i int) bool { return i%sensors != s })
			if !slices.IsSorted(ofSensor) {
				t.Errorf("sensor %d is out of order: %v", s, ofSensor)
			}
		}
	}
}
