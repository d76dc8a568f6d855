// Package playback is the replay clock: it says when a record is due, waits
// for it, and measures how late it left. It does no I/O.
package playback

import (
	"math"
	"time"
)

// Clock maps event times to due times:
//
//	due = anchor's wall time + (event time − anchor's event time) / speed
//
// It counts from the anchor, never from the record before, so that no error
// accumulates. Its state is the speed and the anchor alone: whatever changes
// the course of a replay sets a new anchor.
type Clock struct {
	speed    float64
	event    int64 // the anchor's event time, in Unix nanoseconds
	wall     int64 // the anchor's wall time, in nanoseconds since epoch
	anchored bool
	epoch    time.Time // carries the monotonic clock; a stepped wall clock has no effect
	highest  int64     // the latest event time so far
}

// NewClock returns a clock that runs at a speed above 0 from the first record
// on.
func NewClock(speed float64) *Clock { return &Clock{speed: speed, epoch: time.Now()} }

// Now returns the wall time, in nanoseconds since the clock was made.
func (c *Clock) Now() int64 { return int64(time.Since(c.epoch)) }

// Due returns when a record with this event time is due, on the scale of Now.
// The first record is due now. One whose time steps backwards is due together
// with the latest one before it, and Due returns true for it.
func (c *Clock) Due(event time.Time) (due int64, backwards bool) {
	t := unixNano(event)
	if !c.anchored {
		c.event, c.wall, c.highest, c.anchored = t, c.Now(), t, true
	}
	if t < c.highest {
		t, backwards = c.highest, true
	}
	c.highest = t
	return c.wallAt(t), backwards
}

// The first and the last instant that an int64 of nanoseconds can tell.
var earliest, latest = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

// unixNano takes an instant that is out of range, as in the years 1 and 9999,
// for the nearest one in it.
func unixNano(t time.Time) int64 {
	switch {
	case t.Before(earliest):
		return math.MinInt64
	case t.After(latest):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// wallAt maps an event time that is not before the anchor's. Both differences
// may exceed what an int64 holds; they then stay at its end, centuries away.
func (c *Clock) wallAt(event int64) int64 {
	passed := uint64(event) - uint64(c.event) // exact even where the signed difference overflows
	if c.speed == 1 {
		return addSaturated(c.wall, min(passed, math.MaxInt64))
	}
	scaled := float64(passed) / c.speed
	if scaled >= math.MaxInt64 {
		return math.MaxInt64
	}
	return addSaturated(c.wall, uint64(scaled))
}

func addSaturated(a int64, b uint64) int64 {
	if b > uint64(math.MaxInt64-a) {
		return math.MaxInt64
	}
	return a + int64(b)
}

// Timer waits for due times. It is made once and used again, so that a wait
// costs no allocation.
type Timer struct {
	clock *Clock
	timer *time.Timer
}

// NewTimer returns a timer on a clock. Stop it when it is no longer used.
func NewTimer(c *Clock) *Timer {
	t := &Timer{clock: c, timer: time.NewTimer(math.MaxInt64)}
	t.timer.Stop()
	return t
}

// Stop ends the timer's use.
func (t *Timer) Stop() { t.timer.Stop() }

// Wait waits until due and reports true, or false as soon as done is closed.
func (t *Timer) Wait(done <-chan struct{}, due int64) bool {
	wait := due - t.clock.Now()
	if wait <= 0 {
		return true
	}
	t.timer.Reset(time.Duration(wait))
	select {
	case <-t.timer.C:
		return true
	case <-done:
		t.timer.Stop()
		return false
	}
}
