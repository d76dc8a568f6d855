package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// paced runs a paced harness in a bubble and returns when each number was
// stored, in seconds after the first.
func paced(t *testing.T, h *harness, speed float64, ctx func(*testing.T) context.Context) (at map[int64]float64, st Status, err error) {
	t.Helper()
	at = map[int64]float64{}
	synctest.Test(t, func(t *testing.T) {
		if h.plan.Pace == nil {
			h.plan.Pace = &config.Pace{}
		}
		h.plan.Pace.Speed = speed
		began := time.Now()
		h.store = func(n int64, _ int) error {
			at[n] = time.Since(began).Seconds()
			return nil
		}
		st, err = h.run(t, ctx(t))
	})
	return at, st, err
}

func background(t *testing.T) context.Context { return t.Context() }

func TestRecordsLeaveWhenTheyAreDue(t *testing.T) {
	for _, speed := range []float64{1, 4, 0.5} {
		h := newHarness(30)
		at, st, err := paced(t, h, speed, background)
		if err != nil || st.Written != 30 || st.State != Completed {
			t.Fatalf("%+v, %v", st, err)
		}
		for n := range int64(30) {
			if want := float64(n) / speed; at[n] != want {
				t.Errorf("speed %v: number %d left after %v s, want %v", speed, n, at[n], want)
			}
		}
		if l := st.Pace.Lateness; l.Max != 0 {
			t.Errorf("speed %v: lateness %+v where the clock is exact", speed, l)
		}
	}
}

func TestBackwardsLeavesAtOnceInFileOrder(t *testing.T) {
	h := newHarness(6)
	times := []int64{0, 10, 4, 5, 12, 11}
	h.read = func(r *pipeline.Record) { r.Time = time.Unix(times[number(r)], 0) }
	at, st, err := paced(t, h, 1, background)
	want := map[int64]float64{0: 0, 1: 10, 2: 10, 3: 10, 4: 12, 5: 12}
	if diff := cmp.Diff(want, at); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	if st.Pace.OutOfOrder != 3 || st.Pace.Lateness.Max != 0 {
		t.Errorf("out of order: %d, lateness %+v", st.Pace.OutOfOrder, st.Pace.Lateness)
	}
	if diff := cmp.Diff(upTo(6), h.stored); diff != "" {
		t.Error(diff)
	}
}

func TestStopDropsWhatIsNotYetDue(t *testing.T) {
	h := newHarness(10_000)
	_, st, err := paced(t, h, 1, func(t *testing.T) context.Context {
		ctx, stop := context.WithTimeout(t.Context(), 25500*time.Millisecond)
		t.Cleanup(stop)
		return ctx
	})
	if err != nil || st.State != Stopped || st.Read != 26 || st.Written != 26 || lastOf(h.committed) != 25 {
		t.Errorf("%+v, %v, committed up to %d", st, err, lastOf(h.committed))
	}
}

// A failed row has no time: it is dealt with after the record before it, not
// when it is read ahead.
func TestFailedRecordsKeepTheirPlace(t *testing.T) {
	h := newHarness(100)
	h.read = func(r *pipeline.Record) {
		if number(r) == 50 {
			r.Time = time.Time{}
			r.Fail(errBad)
		}
	}
	at, st, err := paced(t, h, 1, background)
	if !errors.Is(err, errBad) || st.Written != 50 || at[49] != 49 || lastOf(h.committed) != 49 {
		t.Errorf("%+v, %v, committed up to %d", st, err, lastOf(h.committed))
	}
}

func TestRecordWithoutATimeFails(t *testing.T) {
	h := newHarness(3)
	h.read = func(r *pipeline.Record) { r.Time = time.Time{} }
	if _, _, err := paced(t, h, 1, background); !errors.Is(err, errNoTime) {
		t.Errorf("error %v", err)
	}
}

// A late batch begins with a row that can't be read: the rows after it are
// no less late.
func TestLatenessAfterAFailedRecord(t *testing.T) {
	h := newHarness(6)
	h.batch = 2
	h.plan.Errors.OnFailure = config.Skip
	h.read = func(r *pipeline.Record) {
		time.Sleep(3 * time.Second)
		if number(r)%2 == 0 {
			r.Fail(errBad)
		}
	}
	at, st, err := paced(t, h, 1, background)
	if diff := cmp.Diff(map[int64]float64{1: 6, 3: 12, 5: 18}, at); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	// Number 3 is due after 8 s and number 5 after 10 s.
	if late := st.Pace.Lateness.Max.Round(100 * time.Millisecond); late != 8*time.Second || st.Pace.Starved != 10*time.Second {
		t.Errorf("late by %v, starved for %v", late, st.Pace.Starved)
	}
}

func TestBackpressureAndStarvationAreMeasured(t *testing.T) {
	t.Run("a slow sink", func(t *testing.T) {
		h := newHarness(2 * flights)
		h.read = func(r *pipeline.Record) { r.Time = time.Unix(0, number(r)*1e6) }
		h.write = func(*pipeline.Batch) error { time.Sleep(10 * time.Millisecond); return nil }
		_, st, err := paced(t, h, 1, background)
		if err != nil || st.Written != h.count || st.Pace.Backpressure == 0 || st.Pace.Starved != 0 {
			t.Errorf("%v: %+v", err, st.Pace)
		}
	})
	t.Run("a slow source", func(t *testing.T) {
		h := newHarness(10)
		h.batch = 1
		h.read = func(r *pipeline.Record) { time.Sleep(3 * time.Second) }
		at, st, err := paced(t, h, 1, background)
		if err != nil || st.Pace.Starved != 26*time.Second || at[9] != 30 {
			t.Errorf("%v: %+v; last at %v", err, st.Pace, at[9])
		}
		if st.Pace.Lateness.Max < 18*time.Second {
			t.Errorf("lateness %+v", st.Pace.Lateness)
		}
	})
}

// A record is acknowledged when it is stored, which is counted from when it was
// due, not from when the sink was given it.
func TestAcknowledgedFromTheDueTime(t *testing.T) {
	h := newHarness(5)
	h.later = func(done func()) { time.AfterFunc(2*time.Second, done) }
	_, st, err := paced(t, h, 1, background)
	if err != nil || st.Written != 5 {
		t.Fatalf("%+v, %v", st, err)
	}
	near := func(d time.Duration) bool { return d >= 1990*time.Millisecond && d <= 2010*time.Millisecond }
	if a := st.Pace.Acknowledged; !near(a.P50) || !near(a.Max) || st.Pace.Lateness.Max > time.Millisecond {
		t.Errorf("acknowledged %+v, late %+v", a, st.Pace.Lateness)
	}
}
