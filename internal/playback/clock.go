// Package playback is the replay clock: it says when a record is due, waits
// for it, and measures how late it left. It does no I/O.
//
// Times are int64 nanoseconds on two scales: event times, since 1970, and wall
// times, since the clock was made. A Line turns event times into places on the
// time line that the clock plays: where nothing is left out they are the same.
package playback

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Clock maps the time line to due times:
//
//	due = anchor's wall time + (place − anchor's place) / speed
//
// It counts from the anchor, never from the record before, so that no error
// accumulates. Whatever changes the course of a replay sets a new anchor, and
// wakes who waits for a due time. Its methods may be called from any
// goroutine.
type Clock struct {
	epoch   time.Time     // carries the monotonic clock; a stepped wall clock has no effect
	version atomic.Uint64 // of the state

	mu    sync.Mutex
	state State
	wake  func()
}

// State is the course of a replay at one moment.
type State struct {
	Speed   float64
	Paused  bool
	Steps   int64 // how many records are to leave although it is paused
	Jumps   int64 // how often it was moved to another place
	Target  int64 // where to, the last time
	Leapt   int64 // how much of the line has been leapt over in all
	Version uint64

	ratio    ratio
	anchored bool
	place    int64 // the anchor
	wall     int64
	ran      int64 // how long it had run when it was last paused
	since    int64 // when it last began to run
}

// NewClock returns a clock that runs at a speed above 0 from the first record
// on.
func NewClock(speed float64) *Clock {
	return &Clock{epoch: time.Now(), wake: func() {}, state: State{Speed: speed, ratio: newRatio(speed)}}
}

// Now returns the wall time, in nanoseconds since the clock was made.
func (c *Clock) Now() int64 { return int64(time.Since(c.epoch)) }

// Wall returns the wall time of an instant, by the computer's clock as it is
// now.
func (c *Clock) Wall(at time.Time) int64 { return add64(c.Now(), int64(time.Until(at.Round(0)))) }

// State returns the state as it is now.
func (c *Clock) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Changed reports whether the state is no longer the one of a version. It
// takes no lock.
func (c *Clock) Changed(version uint64) bool { return c.version.Load() != version }

// change changes the state, and wakes who waits for a due time.
func (c *Clock) change(change func(s *State, now int64)) {
	c.mu.Lock()
	change(&c.state, c.Now())
	c.state.Version = c.version.Add(1)
	wake := c.wake
	c.mu.Unlock()
	wake()
}

// Pause holds the replay: nothing is due until it is resumed.
func (c *Clock) Pause() { c.change((*State).pause) }

func (s *State) pause(now int64) {
	if s.Paused {
		return
	}
	s.anchor(now)
	s.Paused = true
	if s.anchored {
		s.ran += max(now-s.since, 0)
	}
}

// Resume goes on from where the replay was paused.
func (c *Clock) Resume() {
	c.change(func(s *State, now int64) {
		if s.Paused {
			s.wall, s.since, s.Steps, s.Paused = now, now, 0, false
		}
	})
}

// SetSpeed goes on at another speed, which is above 0.
func (c *Clock) SetSpeed(speed float64) {
	c.change(func(s *State, now int64) {
		s.anchor(now)
		s.Speed, s.ratio = speed, newRatio(speed)
	})
}

// Step pauses the replay, and has the next n records leave at once.
func (c *Clock) Step(n int64) {
	c.change(func(s *State, now int64) {
		s.pause(now)
		s.Steps = add64(s.Steps, max(n, 0))
	})
}

// Jump moves the replay to another place: what lies there is due now.
func (c *Clock) Jump(place int64) {
	c.change(func(s *State, now int64) {
		if !s.anchored {
			s.since = now
		}
		s.place, s.wall, s.anchored = place, now, true
		s.Target = place
		s.Jumps++
	})
}

// Leap moves the play head on to a place, unless it has come so far: what lies
// there is due now, or once the replay is resumed.
func (c *Clock) Leap(place int64) {
	c.change(func(s *State, now int64) {
		head := s.At(now)
		if !s.anchored || head >= place {
			return
		}
		s.place, s.wall = place, now
		s.Leapt = add(s.Leapt, uint64(place)-uint64(head))
	})
}

// Shift puts off everything that is due by d nanoseconds, or makes it due
// earlier where d is below 0.
func (c *Clock) Shift(d int64) {
	c.change(func(s *State, _ int64) {
		if s.anchored && !s.Paused {
			s.wall = add64(s.wall, d)
		}
	})
}

// Begin sets the first anchor: the place is due at a wall time. A clock that
// has begun stays as it is.
func (c *Clock) Begin(place, wall int64) {
	c.change(func(s *State, _ int64) {
		if !s.anchored {
			s.place, s.wall, s.since, s.anchored = place, wall, wall, true
		}
	})
}

// Stepped says that n records have left although the clock is paused, the last
// of them at a place.
func (c *Clock) Stepped(n, place int64) {
	c.change(func(s *State, _ int64) {
		s.Steps = max(s.Steps-n, 0)
		if s.Paused {
			s.place = max(s.place, place)
		}
	})
}

// anchor moves the anchor to the play head.
func (s *State) anchor(now int64) {
	if s.anchored {
		s.place, s.wall = s.At(now), now
	}
}

// Begun reports whether there is an anchor.
func (s *State) Begun() bool { return s.anchored }

// Due returns when a place is due: never, while the clock is paused.
func (s *State) Due(place int64) int64 {
	switch {
	case s.Paused:
		return math.MaxInt64
	case place >= s.place:
		return add(s.wall, s.ratio.wall(uint64(place)-uint64(s.place)))
	}
	return sub(s.wall, s.ratio.wall(uint64(s.place)-uint64(place)))
}

// At returns the place that is due at a wall time: the play head.
func (s *State) At(wall int64) int64 {
	switch {
	case s.Paused:
		return s.place
	case wall >= s.wall:
		return add(s.place, s.ratio.played(uint64(wall)-uint64(s.wall)))
	}
	return sub(s.place, s.ratio.played(uint64(s.wall)-uint64(wall)))
}

// Ran returns how long the replay has run until a wall time, without pauses.
func (s *State) Ran(wall int64) int64 {
	if s.Paused || !s.anchored {
		return s.ran
	}
	return s.ran + max(wall-s.since, 0)
}

// add64 returns a+b, or the nearest instant if it is beyond.
func add64(a, b int64) int64 {
	if b < 0 {
		return sub(a, -uint64(b))
	}
	return add(a, uint64(b))
}

// The first and the last instant that an int64 of nanoseconds can tell.
var earliest, latest = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

// EventTime returns an event time in nanoseconds. It takes an instant that is
// out of range, as in the years 1 and 9999, for the nearest one in it.
func EventTime(t time.Time) int64 {
	switch {
	case t.Before(earliest):
		return math.MinInt64
	case t.After(latest):
		return math.MaxInt64
	}
	return t.UnixNano()
}
