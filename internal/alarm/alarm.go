// Package alarm wakes a goroutine at a time, more exactly than Go's timers,
// which may be a millisecond late.
package alarm

import "time"

// Alarm is what one goroutine waits for, again and again. A wait costs no
// allocation.
type Alarm struct {
	woken chan struct{} // a Wake that no Wait has seen
	timer *time.Timer   // nil: fine is used
	fine  *fine
}

// New returns an alarm. If fine is false, or the system has nothing better, it
// waits with Go's timers.
func New(fine bool) *Alarm {
	a := &Alarm{woken: make(chan struct{}, 1)}
	if fine {
		a.fine = newFine()
	}
	if a.fine == nil {
		a.timer = time.NewTimer(time.Hour)
		a.timer.Stop()
	}
	return a
}

// Fine reports whether the alarm is more exact than Go's timers.
func (a *Alarm) Fine() bool { return a.fine != nil }

// Wait waits for a time above 0, or until there is a Wake. It may end early
// for no reason.
func (a *Alarm) Wait(d time.Duration) {
	if a.fine != nil {
		a.fine.wait(d, a.woken)
		return
	}
	a.timer.Reset(d)
	select {
	case <-a.timer.C:
	case <-a.woken:
		a.timer.Stop()
	}
}

// Wake ends the Wait that is under way, or else the next one. It may be called
// from any goroutine, also after Close.
func (a *Alarm) Wake() {
	select {
	case a.woken <- struct{}{}:
	default:
	}
	if a.fine != nil {
		a.fine.wake()
	}
}

// Close frees what the alarm holds.
func (a *Alarm) Close() {
	if a.fine != nil {
		a.fine.close()
		return
	}
	a.timer.Stop()
}
