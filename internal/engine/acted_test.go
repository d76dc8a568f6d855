package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

// The status after Acted is that after what was asked: sinks that take their
// time, and seeks that read the source again, are waited for.
func TestActed(t *testing.T) {
	h := rereadable(t, seconds(5000))
	h.later = func(done func()) { time.AfterFunc(3*time.Millisecond, done) }
	check := func(p *Pipeline, what string, err error, read, position int64, paused bool) {
		t.Helper()
		p.Acted(context.Background())
		st := p.Status()
		if err != nil || st.Read != read || st.Pace.Position.Unix() != position || st.Pace.Paused != paused {
			t.Errorf("%s: %v; %d read, at %v, paused %v; want %d, %d, %v", what, err, st.Read, st.Pace.Position.Unix(), st.Pace.Paused, read, position, paused)
		}
	}
	h.steer = func(p *Pipeline) {
		after(2500 * time.Millisecond)
		check(p, "pause", p.Pause(), 3, 2, true)
		check(p, "step", p.Step(4), 7, 6, true)
		check(p, "seek", p.Seek(time.Unix(4000, 0)), 7, 4000, true)
		check(p, "step", p.Step(2), 9, 4001, true)
		check(p, "seek before the start", p.Seek(time.Unix(-5, 0)), 9, 0, true)
		check(p, "resume", p.Resume(), 10, 0, false)
		check(p, "speed", p.SetSpeed(1000), 10, 0, false)
		check(p, "seek to the last", p.Seek(time.Unix(4999, 0)), 11, 4999, false)
	}
	if _, st, err := inBubble(t, h); err != nil || st.State != Completed {
		t.Errorf("%v, %v", st.State, err)
	}
}

// Acted waits for nothing that does not come.
func TestActedGivesUp(t *testing.T) {
	for _, tc := range []struct {
		name  string
		alter func(h *harness)
		ask   func(p *Pipeline) error
		wait  time.Duration
	}{
		{"a source that brings nothing", func(h *harness) { h.block = true }, (*Pipeline).Pause, 0},
		{"a step where nothing is to come", func(h *harness) { h.block = true }, func(p *Pipeline) error { return p.Step(1) }, time.Second},
		{"a sink that takes long", func(h *harness) { h.later = func(done func()) { time.AfterFunc(time.Hour, done) } }, (*Pipeline).Pause, time.Second},
		{"a run that has ended", func(*harness) {}, (*Pipeline).Pause, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(3)
				h.plan.Pace = &config.Pace{Speed: 1}
				tc.alter(h)
				ctx, stop := context.WithCancel(t.Context())
				h.steer = func(p *Pipeline) {
					defer stop()
					after(10 * time.Second)
					began := time.Now()
					patient, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					if err := tc.ask(p); err != nil {
						t.Error(err)
					}
					if p.Acted(patient); time.Since(began) != tc.wait {
						t.Errorf("waited for %v, want %v", time.Since(began), tc.wait)
					}
				}
				_, _ = h.run(t, ctx)
			})
		})
	}
}

// Before it runs there is nothing to wait for, nor without a pace.
func TestActedBeforeTheRun(t *testing.T) {
	h := newHarness(1)
	New(&h.plan, h.opts).Acted(t.Context())
	h.plan.Pace = &config.Pace{Speed: 1}
	p := New(&h.plan, h.opts)
	_ = p.Pause()
	p.Acted(t.Context())
}
