package engine

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// Whatever the event times, and however slow the source: a record leaves when
// it is due, or as soon as it is there and all before it have left.
func TestAnyPace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHarness(rapid.Int64Range(1, 40).Draw(rt, "count"))
		h.batch = rapid.IntRange(2, 10).Draw(rt, "batch")
		h.plan.Errors.OnFailure = config.Skip
		var events []time.Duration // of a failed record: below 0
		var delays []time.Duration // before a batch is there
		base := time.UnixMilli(rapid.Int64Range(-9e12, 9e12).Draw(rt, "base"))
		for n := range h.count {
			events = append(events, time.Duration(rapid.Int64Range(-5, 30).Draw(rt, "event"))*time.Second)
			if n%int64(h.batch) == 0 {
				delays = append(delays, time.Duration(rapid.Int64Range(0, 9).Draw(rt, "delay"))*time.Second)
			}
		}
		h.read = func(r *pipeline.Record) {
			n := number(r)
			if n%int64(h.batch) == 0 {
				time.Sleep(delays[n/int64(h.batch)])
			}
			if r.Time = base.Add(events[n]); events[n] < 0 {
				r.Time = time.Time{}
				r.Fail(errBad)
			}
		}
		at, st, err := paced(t, h, 1, background)

		want := map[int64]float64{}
		var there, left, anchor, latest, late time.Duration
		var backwards int64
		for n, event := range events {
			if n%h.batch == 0 {
				there += delays[n/h.batch]
			}
			if event < 0 {
				continue
			}
			if len(want) == 0 {
				anchor, latest = there-event, event
			}
			if event < latest {
				backwards++
			}
			latest = max(latest, event)
			left = max(left, there, anchor+latest)
			late = max(late, left-anchor-latest)
			want[int64(n)] = left.Seconds()
		}
		diff := cmp.Diff(want, at)
		if got := st.Pace.Lateness.Max.Round(time.Second); err != nil || diff != "" || st.Pace.OutOfOrder != backwards || got != late {
			rt.Fatalf("%v; %d out of order, want %d; late by %v, want %v: %s", err, st.Pace.OutOfOrder, backwards, got, late, diff)
		}
	})
}
