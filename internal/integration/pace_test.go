//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The messages of a replay have the pauses of its rows, as exactly as the
// report says.
func TestIntegrationPace(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n, step = 300, 10 * time.Millisecond
	dir := folder(t, map[string]string{
		"rows.csv":   rows(n, 100*step),
		"now.yaml":   "source: {csv: {path: rows.csv}}\npace: {speed: 100}\nsink: {kafka: {topic: now}}\n",
		"event.yaml": "source: {csv: {path: rows.csv}}\nsink: {kafka: {topic: event, timestamp: event, create: {config: {retention.ms: -1}}}}\n"})
	p := start(t, dir, c.Addr(), "now.yaml", "event.yaml")
	p.exits(0, patience)

	late := worst(t, p) + 2*time.Millisecond // Kafka counts milliseconds
	messages := c.messages("now")
	allInOrder(t, numbers(t, values(messages)), n)
	if first := messages[0].Timestamp; first.Before(p.began.Truncate(time.Millisecond)) {
		t.Errorf("the first message is of %v", first)
	}
	unevenness := func(m *kgo.Record, i int) time.Duration {
		return m.Timestamp.Sub(messages[0].Timestamp) - time.Duration(i)*step
	}
	for i, m := range messages {
		if d := unevenness(m, i); d.Abs() > late {
			t.Errorf("message %d is %v from where it should be; the worst lateness is said to be %v", i, d, late)
		}
	}
	messages = c.messages("event")
	allInOrder(t, numbers(t, values(messages)), n)
	for i, m := range messages {
		if want := time.Date(2021, 1, 1, 0, 0, i, 0, time.UTC); !m.Timestamp.Equal(want) {
			t.Errorf("message %d has the time %v, want %v", i, m.Timestamp, want)
		}
	}
}

// worst is the largest lateness that the report on the first pipeline tells of.
func worst(t *testing.T, p *process) time.Duration {
	t.Helper()
	text, err := os.ReadFile(p.reportFile)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Pipelines []struct {
			Pace struct {
				Lateness struct{ Max float64 } `json:"lateness_ms"`
			}
		}
	}
	if err := json.Unmarshal(text, &report); err != nil || len(report.Pipelines) == 0 {
		t.Fatalf("%v\n%s", err, text)
	}
	return time.Duration(report.Pipelines[0].Pace.Lateness.Max * float64(time.Millisecond))
}
