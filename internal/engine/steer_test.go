package engine

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// A command to a replay, some time after the one before.
type command struct {
	after time.Duration
	what  string
	n     int
	speed float64
}

func (c command) give(t *testing.T, p *Pipeline) {
	time.Sleep(c.after)
	var err error
	switch c.what {
	case "pause":
		err = p.Pause()
	case "resume":
		err = p.Resume()
	case "step":
		err = p.Step(c.n)
	case "speed":
		err = p.SetSpeed(c.speed)
	}
	if err != nil {
		t.Error(err)
	}
}

// played returns when each record leaves under the commands, in seconds. It
// moves a play head piece by piece.
func played(events []time.Duration, commands []command) map[int64]float64 {
	at := map[int64]float64{}
	var wall, head float64 // in nanoseconds
	speed, paused, latest := 1.0, false, time.Duration(math.MinInt64)
	for _, event := range events {
		latest = max(latest, event)
		for {
			need := max(float64(latest)-head, 0) / speed
			if len(commands) == 0 || !paused && wall+need < float64(commands[0].after) {
				wall, head = wall+need, head+need*speed
				break
			}
			c := &commands[0]
			if c.what == "step" && wall == float64(c.after) && c.n > 0 { // it has come, and pauses
				c.n--
				head = max(head, float64(latest))
				break
			}
			if left := float64(c.after) - wall; left > 0 {
				if !paused {
					head += left * speed
				}
				wall += left
				paused = paused || c.what == "step"
				if c.what == "step" {
					continue
				}
			}
			switch c.what {
			case "pause":
				paused = true
			case "resume":
				paused = false
			case "speed":
				speed = c.speed
			}
			next := c.after
			if commands = commands[1:]; len(commands) > 0 {
				commands[0].after += next // from the start
			}
		}
		at[int64(len(at))] = wall / 1e9
	}
	return at
}

// Whatever the rows, and however the replay is steered: each record leaves
// when it is due, in order, none twice, none missing.
func TestAnySteering(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHarness(rapid.Int64Range(1, 40).Draw(rt, "count"))
		h.batch = rapid.IntRange(1, 10).Draw(rt, "batch")
		var events []time.Duration
		for range h.count {
			events = append(events, time.Duration(rapid.Int64Range(0, 60).Draw(rt, "event"))*time.Second)
		}
		first := events[0]
		for i := range events {
			events[i] -= first
		}
		h.read = func(r *pipeline.Record) { r.Time = time.Unix(0, 0).Add(events[number(r)]) }
		commands := rapid.SliceOf(rapid.Custom(func(rt *rapid.T) command {
			return command{time.Duration(rapid.Int64Range(1, 2e10).Draw(rt, "after")) | 1, // at no full second
				rapid.SampledFrom([]string{"pause", "resume", "step", "speed"}).Draw(rt, "what"),
				rapid.IntRange(1, 12).Draw(rt, "n"), rapid.SampledFrom([]float64{0.5, 1, 2, 4, 1.25}).Draw(rt, "speed")}
		})).Draw(rt, "commands")
		commands = append(commands, command{after: 1e9 + 1, what: "resume"})
		h.steer = func(p *Pipeline) {
			for _, c := range commands {
				c.give(t, p)
			}
		}
		at, st, err := paced(t, h, 1, background)
		want := played(events, append([]command(nil), commands...))
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
		if diff := cmp.Diff(want, at, near); err != nil || diff != "" || st.Pace.Lateness.Max > time.Microsecond {
			rt.Fatalf("%v; late by %v; %s", err, st.Pace.Lateness.Max, diff)
		}
		if diff := cmp.Diff(upTo(h.count), h.stored); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestSteeringIsInTheStatus(t *testing.T) {
	h := newHarness(20)
	check := func(p *Pipeline, speed float64, paused bool, position float64) {
		t.Helper()
		synctest.Wait()
		s := p.Status().Pace
		if got := float64(s.Position.UnixNano()) / 1e9; s.Speed != speed || s.Paused != paused || got != position {
			t.Errorf("speed %v, paused %v, at %v; want %v, %v, %v", s.Speed, s.Paused, got, speed, paused, position)
		}
	}
	h.steer = func(p *Pipeline) {
		time.Sleep(2500 * time.Millisecond)
		check(p, 1, false, 2.5)
		command{what: "pause"}.give(t, p)
		time.Sleep(time.Hour)
		check(p, 1, true, 2.5)
		command{what: "step", n: 2}.give(t, p)
		check(p, 1, true, 4)
		command{what: "speed", speed: 4}.give(t, p)
		command{what: "resume"}.give(t, p)
		time.Sleep(time.Second)
		check(p, 4, false, 8)
	}
	_, st, err := paced(t, h, 1, background)
	if err != nil || st.Written != 20 || st.Pace.Position.Unix() != 19 {
		t.Errorf("%v: %+v", err, st)
	}
}

// What has been achieved leaves pauses out, and shows a replay that is late.
func TestAchievedSpeed(t *testing.T) {
	h := newHarness(30)
	h.steer = func(p *Pipeline) {
		command{after: 1500 * time.Millisecond, what: "pause"}.give(t, p)
		command{after: time.Minute, what: "resume"}.give(t, p)
	}
	if _, st, _ := paced(t, h, 10, background); st.Pace.Achieved != 10 {
		t.Errorf("achieved %v, want 10", st.Pace.Achieved)
	}
	h = newHarness(30)
	h.batch = 1
	h.read = func(*pipeline.Record) { time.Sleep(2 * time.Second) }
	if _, st, _ := paced(t, h, 10, background); st.Pace.Achieved != 0.5 {
		t.Errorf("a slow source: achieved %v, want 0.5", st.Pace.Achieved)
	}
	if _, st, _ := paced(t, newHarness(1), 10, background); st.Pace.Achieved != 0 {
		t.Errorf("one row: achieved %v, want 0, for unknown", st.Pace.Achieved)
	}
}

// Nothing leaves while the replay is paused, not even what is long overdue.
func TestPauseHoldsWhatIsOverdue(t *testing.T) {
	h := newHarness(5 * flights)
	h.batch = 1 // one flight a record
	h.read = func(r *pipeline.Record) { r.Time = time.Unix(0, 0) }
	h.write = func(*pipeline.Batch) error { time.Sleep(time.Second); return nil }
	h.steer = func(p *Pipeline) {
		command{after: 9500 * time.Millisecond, what: "pause"}.give(t, p)
		time.Sleep(time.Hour)
		if w := p.Status().Written; w > flights+20 {
			t.Errorf("%d records were stored, with %d flights", w, flights)
		}
		command{what: "resume"}.give(t, p)
	}
	if _, st, err := paced(t, h, 1, background); err != nil || st.Written != h.count || st.Pace.Lateness.Max > time.Hour {
		t.Errorf("%v: %+v", err, st)
	}
}

func TestSteeringBeforeAndAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(3)
		h.plan.Pace = &config.Pace{Speed: 1}
		p := New(&h.plan, h.opts)
		began := time.Now()
		command{what: "step", n: 1}.give(t, p)
		command{what: "speed", speed: 2}.give(t, p)
		time.AfterFunc(time.Minute, func() { command{what: "resume"}.give(t, p) })
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d != 61*time.Second {
			t.Errorf("took %v, want a step, a minute's pause and a second", d)
		}
		command{what: "pause"}.give(t, p)
		command{what: "resume"}.give(t, p)
	})
}

func TestSteeringRefuses(t *testing.T) {
	h := newHarness(1)
	if err := New(&h.plan, h.opts).Pause(); !errors.Is(err, ErrNotPaced) {
		t.Error(err)
	}
	h.plan.Pace = &config.Pace{Speed: 1}
	p := New(&h.plan, h.opts)
	for _, speed := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if p.SetSpeed(speed) == nil {
			t.Errorf("speed %v is taken", speed)
		}
	}
	if p.Step(0) == nil {
		t.Error("a step of 0 is taken")
	}
}

// Next plays no pause to its end, and what was leapt over counts as no speed.
func TestNext(t *testing.T) {
	h := newHarness(4)
	h.read = func(r *pipeline.Record) { r.Time = time.Unix([]int64{0, 100, 200, 300}[number(r)], 0) }
	next := func(p *Pipeline) {
		if err := p.Next(); err != nil {
			t.Error(err)
		}
	}
	h.steer = func(p *Pipeline) {
		next(p) // before anything is waited for
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s := p.Status().Pace; s.From.Unix() != 0 || s.Next.Unix() != 100 || s.Wait != 90*time.Second || s.Awaited != (pipeline.Origin{Source: "n", Offset: 1}).String() {
			t.Errorf("in the pause from %v to %v, for %v, until %q", s.From, s.Next, s.Wait, s.Awaited)
		}
		next(p) // 1 leaves after 10 s
		time.Sleep(20 * time.Second)
		_ = p.Pause()
		next(p)
		if s := p.Status().Pace; s.Awaited != "" {
			t.Errorf("paused, it waits for %q", s.Awaited)
		}
		time.Sleep(time.Minute)
		_ = p.Resume() // 2 leaves after 90 s
	}
	at, st, err := paced(t, h, 1, background)
	if diff := cmp.Diff(map[int64]float64{0: 0, 1: 10, 2: 90, 3: 190}, at); err != nil || diff != "" {
		t.Errorf("%v; %s", err, diff)
	}
	if st.Pace.Achieved != 1 || st.Pace.Lateness.Max != 0 {
		t.Errorf("achieved %v, late by %v", st.Pace.Achieved, st.Pace.Lateness.Max)
	}
}

// What a seek leaves behind is neither late nor out of order.
func TestSoughtRecordsAreNotCounted(t *testing.T) {
	h := rereadable(t, seconds(1000))
	h.steer = func(p *Pipeline) {
		after(1500 * time.Millisecond)
		mustSeek(t, p, 998)
		if at := p.Status().Pace.Position; at.Unix() != 998 {
			t.Errorf("just after the seek the play head is at %v", at)
		}
	}
	_, st, err := inBubble(t, h)
	if err != nil || st.Pace.OutOfOrder != 0 || st.Pace.Lateness.Max != 0 {
		t.Errorf("%v; out of order %d, late by %v", err, st.Pace.OutOfOrder, st.Pace.Lateness.Max)
	}
}

func TestLatest(t *testing.T) {
	h := newHarness(10)
	h.steer = func(p *Pipeline) {
		if got := p.Latest(); got != (Sample{}) {
			t.Errorf("before it was asked for: %v", got)
		}
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		if got := p.Latest(); got.Time.Unix() != 3 {
			t.Errorf("after the record of second 3: %v", got)
		}
	}
	if _, _, err := paced(t, h, 1, background); err != nil {
		t.Error(err)
	}
}
