//go:build integration

package integration

import (
	"slices"
	"testing"
	"time"
)

// The messages of a replay have the pauses of its rows, also after a while.
func TestIntegrationPace(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, step = 3000, time.Millisecond
	// Pauses one after the other would add up to more by the end; a busy
	// machine makes some messages late, but not half of the last thousand.
	const tolerance = 100 * time.Millisecond
	dir := folder(t, map[string]string{
		"rows.csv":   rows(n, 100*step),
		"now.yaml":   "source: {csv: {path: rows.csv}}\npace: {speed: 100}\nsink: {kafka: {topic: now}}\n",
		"event.yaml": "source: {csv: {path: rows.csv}}\nsink: {kafka: {topic: event, timestamp: event, create: {config: {retention.ms: -1}}}}\n"})
	p := start(t, dir, c.Addr(), "now.yaml", "event.yaml")
	p.exits(0, patience)

	messages := c.messages("now")
	allInOrder(t, numbers(t, values(messages)), n)
	first := messages[0].Timestamp
	if first.Before(p.began.Truncate(time.Millisecond)) {
		t.Errorf("the first message is of %v", first)
	}
	var late []time.Duration
	for i, m := range messages[n-1000:] {
		late = append(late, m.Timestamp.Sub(first)-time.Duration(n-1000+i)*step)
	}
	slices.Sort(late)
	if median := late[len(late)/2]; median.Abs() > tolerance {
		t.Errorf("half of the last messages are more than %v late", median)
	}
	messages = c.messages("event")
	allInOrder(t, numbers(t, values(messages)), n)
	for i, m := range messages {
		if want := firstRow.Add(time.Duration(i) * 100 * step); !m.Timestamp.Equal(want) {
			t.Fatalf("message %d has the time %v, want %v", i, m.Timestamp, want)
		}
	}
}
