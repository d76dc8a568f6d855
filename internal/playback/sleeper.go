package playback

import (
	"math"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/alarm"
)

const (
	// longestSpin is how long a fine sleeper looks at the clock without a
	// pause before something is due.
	longestSpin = int64(50 * time.Microsecond)
	// longestMargin and marginShare bound how much earlier than by habit it
	// has itself woken, to spin the rest: the more often it wakes, the less.
	longestMargin = longestSpin / 2
	marginShare   = 32
	// latestWake is the most that it allows for the system to wake it.
	latestWake = int64(150 * time.Microsecond)
	// habitStep is by how much one wake changes what is taken for the habit.
	habitStep = int64(100 * time.Nanosecond)
)

// Sleeper waits for due times. One goroutine uses it.
type Sleeper struct {
	clock *Clock
	alarm *alarm.Alarm
	habit int64 // how long after its time the alarm comes; three of four come later
}

// NewSleeper returns the clock's sleeper. A fine one is woken by the system's
// most exact timer, where it has one, a little early, and then spins. Close it
// when it is no longer used.
func NewSleeper(c *Clock, fine bool) *Sleeper {
	s := &Sleeper{clock: c, alarm: alarm.New(fine), habit: longestMargin}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wake = s.alarm.Wake
	return s
}

// Wait waits until due, but not past a change of the clock's state since a
// version, nor past a Wake. It returns the time.
func (s *Sleeper) Wait(due int64, version uint64) (now int64) {
	now = s.clock.Now()
	if now >= due || s.clock.Changed(version) {
		return now
	}
	if !s.alarm.Fine() {
		s.alarm.Wait(time.Duration(due - now))
		return s.clock.Now()
	}
	if left := due - now; left > longestMargin {
		now = s.sleep(now, left)
	}
	for due-now <= longestSpin && now < due && !s.clock.Changed(version) {
		now = s.clock.Now()
	}
	return now
}

// sleep waits for the alarm, which is set early by what it is late by.
func (s *Sleeper) sleep(now, left int64) int64 {
	early := min(s.habit+min(left/marginShare, longestMargin), latestWake)
	d := max(left-early, 1)
	s.alarm.Wait(time.Duration(d))
	woke := s.clock.Now()
	s.learn(woke - now - d)
	return woke
}

// learn takes note of how late the alarm came. It counts up or down, so that
// one that is late out of all proportion teaches no more than another.
func (s *Sleeper) learn(late int64) {
	switch {
	case late < 0: // it was woken
	case late > s.habit:
		s.habit = min(s.habit+habitStep, latestWake)
	default:
		s.habit = max(s.habit-3*habitStep, 0)
	}
}

// Wake ends the wait that is under way, or else the next one. It may be called
// from any goroutine.
func (s *Sleeper) Wake() { s.alarm.Wake() }

// Fine reports whether the sleeper is a fine one.
func (s *Sleeper) Fine() bool { return s.alarm.Fine() }

// Close frees what the sleeper holds.
func (s *Sleeper) Close() {
	s.clock.mu.Lock()
	s.clock.wake = func() {}
	s.clock.mu.Unlock()
	s.alarm.Close()
}

// Never is later than every due time.
const Never = int64(math.MaxInt64)
