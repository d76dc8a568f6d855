package cmd

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

const (
	replayYAML = `
name: replay
source:
  csv: {path: data/readings.csv}
pace: {speed: 10}
transforms:
  - cast: {value: float}
sink:
  kafka: {topic: my-stream, key: sensor}
`
	lettersYAML = replayYAML + `
errors: {on_failure: dead_letter}
dead_letter:
  file: {path: rejected.jsonl}
`
)

func testPlan(t *testing.T, yaml string) *config.Plan {
	t.Helper()
	plan, err := config.Parse("replay.yaml", []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestSummary(t *testing.T) {
	pace := func(p50, p99, worst time.Duration) *engine.PaceStatus {
		return &engine.PaceStatus{Speed: 10, Position: time.Unix(0, 0), Lateness: engine.Lateness{P50: p50, P99: p99, Max: worst}}
	}
	const ms = time.Millisecond
	onTime := pace(600*time.Microsecond, 1200*time.Microsecond, 3100*time.Microsecond)
	behind := pace(40*ms, 1200*ms, 3*time.Second)
	behind.OutOfOrder, behind.Starved, behind.Backpressure = 1, 200*ms, 2*time.Second
	for _, c := range []struct {
		name   string
		yaml   string
		status engine.Status
		want   string
	}{
		{"completed", replayYAML, engine.Status{State: engine.Completed, Read: 3012, Written: 3012, Bytes: 212_000, Elapsed: 63 * time.Second, Pace: onTime}, `
replay  completed in 1m 3s
  3,012 records → kafka my-stream, 47.8/s, 212 kB
  on time: half within 0.6 ms, 99 % within 1.2 ms, worst 3.1 ms
`},
		{"nothing to read", replayYAML, engine.Status{State: engine.Completed, Elapsed: 12 * ms, Pace: &engine.PaceStatus{Speed: 10}}, `
replay  completed in 12 ms
  0 records → kafka my-stream
`},
		{"nothing new", replayYAML, engine.Status{State: engine.Completed, Elapsed: 12 * ms, Resumed: "data/readings.csv:3013"}, `
replay  completed in 12 ms
  nothing new since the earlier run, which ended after data/readings.csv:3013
`},
		{"nothing released", replayYAML, engine.Status{State: engine.Failed, Read: 1, Failed: 1, Undelivered: 1, Elapsed: 12 * ms, Err: errors.New("bad"), Pace: &engine.PaceStatus{Speed: 10}}, `
replay  failed after 12 ms
  bad
  1 record read, 0 → kafka my-stream
  1 record not delivered: released, but not known to be stored
`},
		{"behind", replayYAML, engine.Status{State: engine.Completed, Read: 10, Written: 10, Elapsed: 10 * time.Second, Pace: behind}, `
replay  completed in 10 s
  10 records → kafka my-stream, 1/s
  late: half within 40.0 ms, 99 % within 1.2 s, worst 3.0 s · 1 record out of order · waited 200 ms for the source · waited 2.0 s for the sink
`},
		{"not all written", lettersYAML, engine.Status{State: engine.Stopped, Read: 1000, Written: 700, Filtered: 290, DeadLettered: 10, Elapsed: 10 * time.Second}, `
replay  stopped after 10 s
  1,000 records read, 700 → kafka my-stream, 70/s, 290 filtered
  10 dead letters → file rejected.jsonl
`},
		{"skipped", replayYAML + "errors: {on_failure: skip}", engine.Status{State: engine.Completed, Read: 3, Written: 2, Skipped: 1, Elapsed: time.Second}, `
replay  completed in 1.0 s
  3 records read, 2 → kafka my-stream, 2/s
  1 record failed and skipped
`},
		{"a record failed", replayYAML,
			engine.Status{State: engine.Failed, Read: 3, Written: 2, Failed: 1, Elapsed: time.Second, Err: errors.New("data/readings.csv:4: source csv: bad")}, `
replay  failed after 1.0 s
  data/readings.csv:4: source csv: bad
  to go on without such records, add  errors: {on_failure: skip}  to replay.yaml; to keep them apart, on_failure: dead_letter
  3 records read, 2 → kafka my-stream, 2/s
`},
		{"every record may fail", replayYAML,
			engine.Status{State: engine.Failed, Read: 1, Failed: 1, Elapsed: time.Second, Err: errors.New("data/readings.csv:2: no such field")}, `
replay  failed after 1.0 s
  data/readings.csv:2: no such field
  no record has passed: if only some are like this one, add  errors: {on_failure: skip}  to replay.yaml; to keep them apart, on_failure: dead_letter
  1 record read, 0 → kafka my-stream
`},
		{"not UTF-8", replayYAML,
			engine.Status{State: engine.Failed, Read: 3, Written: 2, Failed: 1, Elapsed: time.Second, Err: errors.New("latin.csv:4: sink print: field name: text is not UTF-8")}, `
replay  failed after 1.0 s
  latin.csv:4: sink print: field name: text is not UTF-8
  text is to be UTF-8; a file in Latin-1 becomes so with  iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW
  3 records read, 2 → kafka my-stream, 2/s
`},
		{"its reader has gone", replayYAML, engine.Status{State: engine.Stopped, ReaderGone: true, Read: 3, Written: 3, Elapsed: time.Second}, `
replay  stopped after 1.0 s
  3 records → kafka my-stream, 3/s
  its reader closed the output after 3 records; it may not have read the last of them
`},
		{"not delivered", replayYAML, engine.Status{State: engine.Failed, Read: 30, Written: 18, Failed: 12, Undelivered: 12, Elapsed: time.Second, Err: errors.New("sink kafka: gone\nfor good")}, `
replay  failed after 1.0 s
  sink kafka: gone
  for good
  30 records read, 18 → kafka my-stream, 18/s
  12 records not delivered: released, but not known to be stored
`},
		{"not even open", replayYAML, engine.Status{State: engine.Failed, Err: errors.New("source csv: no such file")}, `
replay  failed before it began
  source csv: no such file
`},
		{"stopped at once", replayYAML, engine.Status{State: engine.Stopped}, `
replay  stopped before it began
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.status.Name = "replay"
			if diff := cmp.Diff(c.want[1:], summary(testPlan(t, c.yaml), c.status, false)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOutline(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{replayYAML, "csv data/readings.csv → cast → kafka my-stream"},
		{"name: x\nsource: {kafka: {topics: [a, b, c]}}\nsink: print", "kafka a and 2 more → print"},
		{"name: x\nsource: {csv: {path: [a.csv]}}\nsink: drop", "csv a.csv → drop"},
	} {
		if got := outline(testPlan(t, c.yaml)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
