package cmd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

func replayView() view {
	return view{
		Status: engine.Status{Name: "replay", State: engine.Running, Read: 1234, Written: 1234, Share: 0.42, Elapsed: 26 * time.Second,
			EventTime: time.Date(2021, 1, 1, 0, 12, 34, 5e8, time.UTC),
			Pace:      &engine.PaceStatus{Speed: 10, Lateness: engine.Lateness{P50: 600 * time.Microsecond, P99: 1200 * time.Microsecond}}},
		rate: 47.83, left: 72 * time.Second,
	}
}

func TestStatusLine(t *testing.T) {
	for _, c := range []struct {
		width int
		want  string
	}{
		{120, "replay  2021-01-01 00:12:34  ━━━━━───────   42%  1,234 records   47.8/s  p99  1.2 ms  1m 12s left"},
		{80, "replay  2021-01-01 00:12:34   42%   47.8/s  p99  1.2 ms  1m 12s left"},
		{60, "replay  2021-01-01 00:12:34   42%   47.8/s  1m 12s left"},
		{40, "replay   42%   47.8/s  1m 12s left"},
		{20, "replay   42%"},
		{10, "rep…"},
		{2, "…"},
	} {
		if diff := cmp.Diff(c.want, statusLine(replayView(), 0, c.width, false)); diff != "" {
			t.Errorf("width %d: -want +got:\n%s", c.width, diff)
		}
	}
}

func TestStatusLineStates(t *testing.T) {
	with := func(change func(*view)) view {
		v := replayView()
		change(&v)
		return v
	}
	for _, c := range []struct {
		view view
		want string
	}{
		{view{Status: engine.Status{Name: "replay", State: engine.Opening, Share: -1}, left: -1}, "replay  opening"},
		{with(func(v *view) { v.State = engine.Completed; v.Elapsed = 63 * time.Second }), "replay  completed in 1m 3s  1,234 records"},
		{with(func(v *view) { v.State = engine.Failed }), "replay  failed after 26 s  1,234 records"},
		{with(func(v *view) { v.State = engine.Stopped; v.stopping = true }), "replay  stopped after 26 s  1,234 records"},
		{with(func(v *view) { v.stopping = true }), "replay  stopping  1,234 records"},
		{view{Status: engine.Status{Name: "average", State: engine.Running, Share: -1, Read: 1}, rate: 0.2, left: -1},
			"average  1 record    0.2/s"},
	} {
		if diff := cmp.Diff(c.want, statusLine(c.view, 0, 120, false)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// A line that reaches the last column would wrap on some terminals, and a
// wrapped line can't be taken away cleanly.
func TestStatusLineFits(t *testing.T) {
	extreme := replayView()
	extreme.Name = strings.Repeat("long-", 50)
	extreme.Read, extreme.rate, extreme.Share, extreme.left = 1<<62, 1e12, 1, 100000*time.Hour
	extreme.Pace.Lateness.P99 = 24 * time.Hour
	for _, v := range []view{replayView(), extreme} {
		for width := 2; width < 200; width++ {
			for _, paint := range []palette{false, true} {
				if got := ansi.StringWidth(statusLine(v, 12, width, paint)); got >= width {
					t.Fatalf("at width %d the line is %d wide: %q", width, got, statusLine(v, 12, width, paint))
				}
			}
		}
	}
}

func TestStatusLines(t *testing.T) {
	views := []view{replayView()}
	for i := range 4 {
		views = append(views, view{Status: engine.Status{Name: fmt.Sprint("consumer-", i), State: engine.Opening}})
	}
	want := []string{
		"replay       42%   47.8/s",
		"consumer-0  opening",
		"consumer-1  opening",
		"and 2 more",
	}
	if diff := cmp.Diff(want, statusLines(views, 26, 5, false)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "  0%", 0.999: " 99%", 1: "100%"} {
		if got := percent(share); got != want {
			t.Errorf("%v is shown as %q, not %q", share, got, want)
		}
	}
}

func TestLagInStatusLine(t *testing.T) {
	v := view{Status: engine.Status{Name: "average", State: engine.Running, Share: -1, Lag: []pipeline.Lag{{Records: 1000}, {Partition: 1, Records: 234}}}, left: -1}
	if got := statusLine(v, 7, 80, false); !strings.Contains(got, "lag 1,234") {
		t.Error(got)
	}
	v.Lag = v.Lag[:0]
	if got := statusLine(v, 7, 80, false); strings.Contains(got, "lag") {
		t.Error(got)
	}
}
