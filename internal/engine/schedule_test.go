package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// timed is a harness of one record for every event time, in seconds.
func timed(pace config.Pace, seconds ...float64) *harness {
	h := newHarness(int64(len(seconds)))
	h.plan.Pace = &pace
	h.read = func(r *pipeline.Record) {
		r.Time = time.Unix(1000, 0).Add(time.Duration(seconds[number(r)] * 1e9))
	}
	return h
}

// leaveAt runs the harness and checks when its records leave, in seconds.
func leaveAt(t *testing.T, h *harness, speed float64, want ...float64) Status {
	t.Helper()
	at, st, err := paced(t, h, speed, background)
	if err != nil {
		t.Error(err)
	}
	var got []float64
	for n := range h.count {
		if s, ok := at[n]; ok {
			got = append(got, s)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	return st
}

func TestPausesAreShortened(t *testing.T) {
	pace := config.Pace{MaxGap: 5 * time.Second, SkipGapsOver: time.Hour}
	st := leaveAt(t, timed(pace, 0, 4, 104, 100_000, 100_002), 2, 0, 2, 7, 7, 8)
	if st.Pace.Shortened != 2 || st.Pace.Achieved != 2 {
		t.Errorf("%+v", st.Pace)
	}
}

// A pause that is capped lasts no longer when the replay is slowed down in it.
func TestCappedPauseAtAnotherSpeed(t *testing.T) {
	h := timed(config.Pace{MaxGap: 10 * time.Second}, 0, 1000)
	h.steer = func(p *Pipeline) { command{after: 5 * time.Second, what: "speed", speed: 1}.give(t, p) }
	leaveAt(t, h, 50, 0, 5)
	h = timed(config.Pace{MaxGap: 10 * time.Second}, 0, 1000)
	h.steer = func(p *Pipeline) {
		command{after: 5 * time.Second, what: "pause"}.give(t, p)
		command{after: time.Hour, what: "resume"}.give(t, p)
	}
	leaveAt(t, h, 1, 0, 3610)
}

func TestFarFutureStampWaitsUnlessCapped(t *testing.T) {
	const far = 86400
	leaveAt(t, timed(config.Pace{SkipGapsOver: time.Hour}, 0, 1, far, 2, far+1), 1, 0, 1, 1, 1, 2)
	leaveAt(t, timed(config.Pace{}, 0, 1, far, 2), 1, 0, 1, far, far)
}

func TestRate(t *testing.T) {
	st := leaveAt(t, timed(config.Pace{Rate: config.Rate{Records: 2, Per: time.Second}}, 0, 7, 3, 100), 2, 0, 0.25, 0.5, 0.75)
	if st.Pace.OutOfOrder != 1 {
		t.Errorf("%d out of order", st.Pace.OutOfOrder)
	}
	h := timed(config.Pace{Rate: config.Rate{Records: 1, Per: time.Minute}}, 0, 0)
	h.read = func(r *pipeline.Record) { r.Time = time.Time{} }
	if st := leaveAt(t, h, 1, 0, 60); !st.Pace.Position.IsZero() {
		t.Errorf("records without a time, and it is %v", st.Pace.Position)
	}
}

func TestStartAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, in := range []time.Duration{time.Hour, -time.Hour} {
			h := timed(config.Pace{Speed: 1}, 0, 5)
			began := time.Now()
			h.plan.Pace.StartAt.Time = began.Add(in)
			if _, err := h.run(t, t.Context()); err != nil || time.Since(began) != max(in, 0)+5*time.Second {
				t.Errorf("starting %v from now, it took %v: %v", in, time.Since(began), err)
			}
		}
	})
}

// slow is a harness whose fourth batch, of one record a second each, comes 5 s
// late.
func slow(pace config.Pace) *harness {
	h := timed(pace, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	h.batch = 1
	read := h.read
	h.read = func(r *pipeline.Record) {
		read(r)
		if number(r) == 3 {
			time.Sleep(8 * time.Second)
		}
	}
	return h
}

func TestWhenBehind(t *testing.T) {
	for _, tc := range []struct {
		pace     config.Pace
		want     []float64
		filtered int64
		late     time.Duration
	}{
		{config.Pace{WhenBehind: config.Burst}, []float64{0, 1, 2, 8, 8, 8, 8, 8, 8, 9, 10}, 0, 5 * time.Second},
		{config.Pace{WhenBehind: config.Stretch}, []float64{0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15}, 0, 5 * time.Second},
		{config.Pace{WhenBehind: config.Drop, DropAfter: 2 * time.Second}, []float64{0, 1, 2, 8, 8, 8, 9, 10}, 3, 2 * time.Second},
	} {
		t.Run(tc.pace.WhenBehind, func(t *testing.T) {
			st := leaveAt(t, slow(tc.pace), 1, tc.want...)
			late := st.Pace.Lateness.Max.Round(100 * time.Millisecond)
			if st.Filtered != tc.filtered || st.Pace.TooLate != tc.filtered || late != tc.late {
				t.Errorf("%d filtered, late by %v: %+v", st.Filtered, late, st.Pace)
			}
			if stretched := tc.pace.WhenBehind == config.Stretch; stretched != (st.Pace.Stretched == 5*time.Second) {
				t.Errorf("stretched by %v", st.Pace.Stretched)
			}
		})
	}
}

// While the machine is suspended the monotonic clock stands still.
func TestSuspensionIsBeingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := timed(config.Pace{Speed: 1}, 0, 40, 100, 120)
		at := map[int64]time.Duration{}
		began := time.Now()
		h.store = func(n int64, _ int) error { at[n] = time.Since(began); return nil }
		p := New(&h.plan, h.opts)
		p.asleep = func() time.Duration {
			if time.Since(began) > 30500*time.Millisecond {
				return time.Minute + 30*time.Second
			}
			return time.Minute
		}
		if err := p.Run(t.Context()); err != nil {
			t.Error(err)
		}
		// It is noticed after 31 s, and the time line is at 61 s then.
		want := map[int64]time.Duration{0: 0, 1: 31 * time.Second, 2: 70 * time.Second, 3: 90 * time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Error(diff)
		}
		if l := p.Status().Pace.Lateness.Max.Round(time.Second); l != 21*time.Second {
			t.Errorf("late by %v, want 21 s", l)
		}
	})
}
