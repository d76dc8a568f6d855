package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// seeks is how a seek reaches the stages. It raises the epoch: batches of an
// earlier one are dropped wherever they are, and the read stage goes to the new
// place. What has been released is stored as ever.
type seeks struct {
	epoch atomic.Uint64

	mu        sync.Mutex
	asked     bool
	target    int64         // an event time
	interrupt func()        // ends the reading that is under way
	over      bool          // the last record has left
	changed   chan struct{} // holds one element once asked or over has been set
}

func (s *seeks) init() { s.changed = make(chan struct{}, 1) }

var errOver = errors.New("the replay has ended")

// ask asks for a seek to an event time, and moves the clock before the read
// stage hears of it.
func (s *seeks) ask(target int64, clock *playback.Clock) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return errOver
	}
	s.epoch.Add(1)
	s.asked, s.target = true, target
	clock.Jump(target)
	if s.interrupt != nil {
		s.interrupt()
	}
	s.notify()
	return nil
}

func (s *seeks) notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// begin says how the reading that begins now can be interrupted.
func (s *seeks) begin(interrupt func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.interrupt = interrupt; s.asked {
		interrupt()
	}
}

// await waits for a seek. It reports false once there will be none, or ctx is
// done.
func (s *seeks) await(ctx context.Context) (target int64, epoch uint64, ok bool) {
	for {
		s.mu.Lock()
		asked, over := s.asked, s.over
		target, epoch = s.target, s.epoch.Load()
		s.asked = false
		s.mu.Unlock()
		if asked || over {
			return target, epoch, asked
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return 0, 0, false
		}
	}
}

// end says that the last record of an epoch has left, and reports whether that
// was the last of all.
func (s *seeks) end(epoch uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked || s.epoch.Load() != epoch {
		return false
	}
	s.over = true
	s.notify()
	return true
}

var (
	errNoPlace = errors.New("the replay can't be moved: its records have no event time")
	errNoWay   = errors.New("the replay can't be moved: its source can't be read again, as a file can")
)

// Seek moves the replay to an event time, as it was recorded, of the present
// round: the records from there on leave, and what lies between is not sent, or
// is sent again. Before the first record means to it; beyond the last one the
// next round begins, or the replay ends.
func (p *Pipeline) Seek(to time.Time) error {
	if p.clock == nil {
		return ErrNotPaced
	}
	state := p.clock.State()
	switch at := p.stats.position(&state); {
	case at.IsZero() && p.stats.begun.Load():
		return errNoPlace
	case !p.rereadable.Load():
		return errNoWay
	}
	return p.seeks.ask(playback.EventTime(to), p.clock)
}

// SeekBy moves the replay by a span of event time, back if it is below 0.
func (p *Pipeline) SeekBy(d time.Duration) error {
	if p.clock == nil {
		return ErrNotPaced
	}
	state := p.clock.State()
	at := p.stats.position(&state)
	if at.IsZero() {
		return errors.New("the replay has not begun")
	}
	return p.Seek(at.Add(d))
}

// canBeReread reports whether the source can be opened again at an earlier
// position: not if it keeps positions itself, nor if it reads a pipe.
func (p *Pipeline) canBeReread() bool {
	if _, itself := p.input.Source.(pipeline.Committer); itself {
		return false
	}
	return !p.plan.ReadsPipe()
}
