package playback

import (
	"fmt"
	"math"
	"math/big"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// begun returns a clock whose first place, 0, is due now.
func begun(speed float64) *Clock {
	c := NewClock(speed)
	c.Begin(0, c.Now())
	return c
}

const century = int64(100 * 365.25 * 86400 * 1e9)

func TestDueIsCountedFromTheAnchor(t *testing.T) {
	for _, tc := range []struct {
		name        string
		speed       float64
		place, want int64
	}{
		{"speed 1", 1, 4000, 4000},
		{"speed 10", 10, 4000, 400},
		{"speed 0.5", 0.5, 300, 600},
		{"speed 0.1 is a tenth", 0.1, century / 100, century / 10},
		{"before the anchor", 2, -4000, -2000},
		{"the whole range", 1, math.MaxInt64, math.MaxInt64},
		{"a century at speed 0.001", 0.001, century, math.MaxInt64},
		{"a century before at speed 0.001", 0.001, -century, math.MinInt64},
		{"months at speed 0.001", 0.001, century / 1000, century},
		{"a century at speed 1e9", 1e9, century, century / 1e9},
		{"a century at speed 3", 3, century, century / 3},
		{"the fastest", math.MaxFloat64, century, 0},
		{"the slowest", math.SmallestNonzeroFloat64, 1, math.MaxInt64},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := begun(tc.speed).State()
			if due := s.Due(tc.place); due != tc.want {
				t.Errorf("%s: place %d is due at %d, want %d", tc.name, tc.place, due, tc.want)
			}
		})
	}
}

func TestTimesBeyondTheRange(t *testing.T) {
	for text, want := range map[string]int64{"1500-01-01": math.MinInt64, "9999-12-31": math.MaxInt64, "1970-01-02": 86400e9} {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := EventTime(at); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

// model is the clock in exact arithmetic: the play head moves piece by piece.
type model struct {
	head, speed, wall *big.Rat
	paused            bool
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func (m *model) move(wall int64) {
	if !m.paused {
		m.head.Add(m.head, new(big.Rat).Mul(new(big.Rat).Sub(rat(wall), m.wall), m.speed))
	}
	m.wall = rat(wall)
}

func (m *model) due(place int64) *big.Rat {
	way := new(big.Rat).Sub(rat(place), m.head)
	return way.Quo(way, m.speed).Add(way, m.wall)
}

// A change of the clock, and a record to be placed after it.
type change struct {
	kind   string
	after  time.Duration
	speed  float64
	by     int64
	record int64
}

func (m *model) apply(c *Clock, to change) {
	switch to.kind {
	case "pause":
		c.Pause()
		m.paused = true
	case "resume":
		c.Resume()
		m.paused = false
	case "speed":
		c.SetSpeed(to.speed)
		m.speed = exactly(to.speed)
	case "jump":
		c.Jump(to.by)
		m.head = rat(to.by)
	case "shift":
		c.Shift(to.by)
		if !m.paused {
			m.head.Sub(m.head, new(big.Rat).Mul(rat(to.by), m.speed))
		}
	}
}

// differs says how a clock differs from the model, by more than a nanosecond
// of the time line for each change before.
func (m *model) differs(c *Clock, changes int, record int64) string {
	s := c.State()
	head, _ := m.head.Float64()
	if at := s.At(c.Now()); math.Abs(float64(at)-head) > float64(changes)+math.Abs(head)*1e-15 {
		return fmt.Sprintf("the play head is at %d, want %v", at, head)
	}
	due, _ := m.due(record).Float64()
	slack, _ := new(big.Rat).Quo(rat(int64(changes)), m.speed).Float64()
	got := s.Due(record)
	if m.paused != (got == Never) || !m.paused && math.Abs(float64(got)-due) > 1+slack+math.Abs(due)*1e-15 {
		return fmt.Sprintf("due at %d, want %v; paused: %v", got, due, m.paused)
	}
	return ""
}

// Whatever is done to it, the clock's due times and its play head are those
// of exact arithmetic.
func TestClockIsExact(t *testing.T) {
	kinds := []string{"pause", "resume", "speed", "jump", "shift"}
	rapid.Check(t, func(rt *rapid.T) {
		speeds := rapid.SampledFrom([]float64{1, 10, 2.5, 0.1, 1.25, 1.953125, 1000, 1e6})
		first := speeds.Draw(rt, "speed")
		changes := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) change {
			return change{rapid.SampledFrom(kinds).Draw(rt, "change"), time.Duration(rapid.Int64Range(0, 1e10).Draw(rt, "after")),
				speeds.Draw(rt, "speed"), rapid.Int64Range(-1e9, 1e9).Draw(rt, "by"), rapid.Int64Range(-1e17, 1e17).Draw(rt, "record")}
		}), 1, 30).Draw(rt, "changes")
		var differs string
		synctest.Test(t, func(t *testing.T) {
			c := begun(first)
			m := &model{rat(0), exactly(first), rat(0), false}
			for i, to := range changes {
				time.Sleep(to.after)
				m.move(c.Now())
				m.apply(c, to)
				if differs = m.differs(c, i+1, to.record); differs != "" {
					return
				}
			}
		})
		if differs != "" {
			rt.Fatal(differs)
		}
	})
}

// exactly is the number as it is written.
func exactly(speed float64) *big.Rat {
	r := newRatio(speed)
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(r.num), new(big.Int).SetUint64(r.den))
}

func TestRatioIsTheNumberAsWritten(t *testing.T) {
	for speed, want := range map[float64]ratio{1: {1, 1}, 0.1: {1, 10}, 1e9: {1e9, 1}, 0.001: {1, 1000}, 1.953125: {1953125, 1e6},
		1e300: {math.MaxUint64, 1}, 1e-300: {1, 1e19}} {
		if got := newRatio(speed); got != want {
			t.Errorf("%v: %v, want %v", speed, got, want)
		}
	}
}

func TestStepsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(1)
		time.Sleep(10 * time.Nanosecond)
		c.Step(3)
		if s := c.State(); !s.Paused || s.Steps != 3 || s.At(c.Now()) != 10 {
			t.Errorf("%+v", s)
		}
		c.Stepped(2, 25)
		if s := c.State(); s.Steps != 1 || s.At(c.Now()) != 25 {
			t.Errorf("%+v", s)
		}
		c.Resume()
		if s := c.State(); s.Steps != 0 || s.Due(30) != 15 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRanLeavesPausesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		time.Sleep(time.Second)
		c.Begin(0, c.Now())
		for _, change := range []func(){c.Pause, c.Resume, c.Pause} {
			time.Sleep(time.Second)
			change()
		}
		if s := c.State(); s.Ran(c.Now()) != 2e9 {
			t.Errorf("ran %d", s.Ran(c.Now()))
		}
	})
}

func TestWaitEndsAtTheDueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		s := NewSleeper(c, false)
		defer s.Close()
		for _, due := range []int64{0, 5e9, 5e9, 3600e9} {
			if now := s.Wait(due, 0); now != due || c.Now() != due {
				t.Errorf("woke at %d, want %d", c.Now(), due)
			}
		}
	})
}

func TestWaitEndsWithAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(1)
		s := NewSleeper(c, false)
		defer s.Close()
		time.AfterFunc(time.Second, c.Pause)
		time.AfterFunc(3*time.Second, s.Wake)
		version := c.State().Version
		if now := s.Wait(3600e9, version); now != 1e9 {
			t.Errorf("waited until %d, want to be woken at 1 s", now)
		}
		if now := s.Wait(3600e9, version); now != 1e9 {
			t.Errorf("waited until %d for a state that has changed", now)
		}
		if now := s.Wait(Never, c.State().Version); now != 3e9 {
			t.Errorf("waited until %d, want to be woken at 3 s", now)
		}
	})
}

// A fine sleeper never ends before the due time, and is woken as a coarse one
// is.
func TestFineSleeper(t *testing.T) {
	c := begun(1)
	s := NewSleeper(c, true)
	defer s.Close()
	for i := range int64(50) {
		due := c.Now() + i*20_000
		for now := int64(0); now < due; {
			now = s.Wait(due, c.State().Version)
		}
		if now := c.Now(); now < due {
			t.Errorf("woke at %d, %d too early", now, due-now)
		}
	}
	time.AfterFunc(time.Millisecond, c.Pause)
	s.Wait(c.Now()+3600e9, c.State().Version)
	if state := c.State(); !state.Paused {
		t.Error("woke for no reason")
	}
}

// A sleeper allows for what its alarm is late by as a rule, whatever it is late
// by now and then.
func TestSleeperLearnsHowLateItIsWoken(t *testing.T) {
	const us = int64(time.Microsecond)
	for _, tc := range []struct {
		name   string
		late   []int64 // again and again
		lo, hi int64   // what it then allows for
	}{
		{"always the same", []int64{80 * us}, 79 * us, 81 * us},
		{"never", []int64{0}, 0, us},
		{"sometimes far too late", []int64{10 * us, 5e9, 12 * us, 11 * us}, 9 * us, 13 * us},
		{"often woken by someone", []int64{-5e6, 40 * us, -1, -100 * us}, 39 * us, 41 * us},
		{"hopelessly", []int64{5e6}, latestWake, latestWake},
	} {
		s := &Sleeper{habit: longestMargin}
		for i := range 4000 {
			s.learn(tc.late[i%len(tc.late)])
		}
		if s.habit < tc.lo || s.habit > tc.hi {
			t.Errorf("%s: allows for %v, want %v to %v", tc.name, time.Duration(s.habit), time.Duration(tc.lo), time.Duration(tc.hi))
		}
	}
}

func TestLatenessIsExactBelowTwoMicroseconds(t *testing.T) {
	l := NewLateness()
	l.RecordAll(1234, 3)
	if q := l.Quantiles(50, 100); q[0] != 1234 || q[1] != 1234 {
		t.Errorf("p50 %d, max %d ns; want 1234", q[0], q[1])
	}
}

func TestLatenessQuantiles(t *testing.T) {
	l := NewLateness()
	for i := range int64(1000) {
		l.Record([]int64{i * 1e6})
	}
	l.Record([]int64{-5, math.MaxInt64})
	q := l.Quantiles(50, 100)
	if q[0] < 490*time.Millisecond || q[0] > 510*time.Millisecond || q[1] < 23*time.Hour {
		t.Errorf("p50 %v, max %v", q[0], q[1])
	}
}
