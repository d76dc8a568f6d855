package engine

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// PaceStatus is how a paced pipeline plays, and how well it keeps time.
type PaceStatus struct {
	Speed        float64       // the requested one, as it is now
	Paused       bool          // and waits to be resumed, or stepped
	Position     time.Time     // the play head, in event time as recorded; zero before the first record
	From, Next   time.Time     // the pause in which the play head is: from a record, or from where it was moved to, to the next; zero: it is in none
	Wait         time.Duration // until the next record is due; 0 while it is paused
	Awaited      string        // where the next record is from, if Wait is a second or more
	Achieved     float64       // the speed up to the last record, without pauses; 0 if nothing can be said
	OutOfOrder   int64         // records whose event time steps backwards
	Shortened    int64         // pauses that max_gap or skip_gaps_over have shortened
	TooLate      int64         // records dropped since they were late; they count as filtered
	Duplicates   int64         // rows left out since they were equal to the one before
	Disorder     Disorder
	Stretched    time.Duration // by how much the schedule was put off
	Starved      time.Duration // records were due, but not yet read
	Backpressure time.Duration // records were due, but the sink was busy
	Lateness     Lateness      // when records left
	Acknowledged Lateness      // when they were stored, counted from when the first of those that left together was due
}

// Disorder is what was done to the order of records, as they were read.
type Disorder struct{ Late, Duplicated, Dropped, Swapped int64 }

// Lateness is how late records left, as quantiles.
type Lateness struct{ P50, P90, P99, P999, Max time.Duration }

// paceStats are the counters of a paced pipeline. The release stage writes
// them, anyone may read them.
type paceStats struct {
	clock    *playback.Clock // nil: not paced
	lateness *playback.Lateness

	acknowledged *playback.Lateness // the write stage's
	played       uint64             // the release stage's: how much of the time line has been played, but for steps

	starved, backpressure, outOfOrder, shortened, tooLate, stretched atomic.Int64
	duplicates, delayed, doubled, lost, swapped                      atomic.Int64

	begun                   atomic.Bool
	expected                atomic.Int64 // the clock's jumps when that record was placed
	jumps                   atomic.Int64 // those of the clock that the release stage has taken note of
	event                   atomic.Int64 // of the last record that left, as recorded
	round                   atomic.Int64 // of that record; 0: of none
	rebased                 atomic.Int64 // the latest event time that left, where they are divided by the speed
	nextEvent, nextPlace    atomic.Int64 // of the record that is waited for
	awaited                 atomic.Pointer[pipeline.Origin]
	playedTotal, ranForThat atomic.Int64
}

func (s *paceStats) init(clock *playback.Clock) {
	s.clock, s.lateness, s.acknowledged = clock, playback.NewLateness(), playback.NewLateness()
}

// expect notes the place of the record that is waited for.
func (s *paceStats) expect(p *playback.Place, state *playback.State) {
	s.nextPlace.Store(p.At)
	s.nextEvent.Store(p.Event)
	s.expected.Store(state.Jumps)
}

// longWait is from when on it is told which record is waited for.
const longWait = time.Second

// await notes where the record is from that is waited for.
func (s *paceStats) await(o pipeline.Origin) {
	if last := s.awaited.Load(); last == nil || *last != o {
		s.awaited.Store(&o)
	}
}

// jumped moves the play head to where the clock was moved.
func (s *paceStats) jumped(state *playback.State) {
	s.event.Store(state.Target)
	s.nextEvent.Store(state.Target)
	s.nextPlace.Store(state.Target)
	s.begun.Store(true)
	s.jumps.Store(state.Jumps)
}

// keep notes the place of the last record that left, and how long the replay
// had run then.
func (s *paceStats) keep(p *playback.Place, ran int64) {
	s.event.Store(p.Event)
	s.begun.Store(true)
	s.playedTotal.Store(int64(min(s.played, 1<<63-1)))
	s.ranForThat.Store(ran)
}

// position returns the play head in event time. It is not before the last
// record, nor after the next one.
func (s *paceStats) position(state *playback.State) time.Time {
	if state.Jumps != s.jumps.Load() {
		return time.Unix(0, state.Target).UTC()
	}
	last, next := s.event.Load(), s.nextEvent.Load()
	if !s.begun.Load() || last == math.MinInt64 { // the latter: at a constant rate, without an event time
		return time.Time{}
	}
	head := last
	if left := s.nextPlace.Load() - state.At(s.clock.Now()); next > last && left < next-last {
		head = min(next-left, next)
	}
	return time.Unix(0, head).UTC()
}

// pause tells of the pause in which the play head is.
func (s *paceStats) pause(state *playback.State) (from, next time.Time, wait time.Duration) {
	last, event := s.event.Load(), s.nextEvent.Load()
	if !s.begun.Load() || event <= last || last == math.MinInt64 || state.Jumps != s.jumps.Load() {
		return from, next, 0
	}
	if !state.Paused {
		wait = time.Duration(max(state.Due(s.nextPlace.Load())-s.clock.Now(), 0))
	}
	return time.Unix(0, last).UTC(), time.Unix(0, event).UTC(), wait
}

func (s *paceStats) achieved() float64 {
	ran := s.ranForThat.Load()
	if ran <= 0 {
		return 0
	}
	return float64(s.playedTotal.Load()) / float64(ran)
}

func (s *paceStats) status() *PaceStatus {
	if s.clock == nil {
		return nil
	}
	state := s.clock.State()
	from, next, wait := s.pause(&state)
	awaited := ""
	if o := s.awaited.Load(); o != nil && wait >= longWait {
		awaited = o.String()
	}
	return &PaceStatus{Speed: state.Speed, Paused: state.Paused, Position: s.position(&state), From: from, Next: next, Wait: wait, Awaited: awaited, Achieved: s.achieved(),
		OutOfOrder: s.outOfOrder.Load(), Shortened: s.shortened.Load(), TooLate: s.tooLate.Load(), Stretched: time.Duration(s.stretched.Load()),
		Duplicates: s.duplicates.Load(), Disorder: Disorder{s.delayed.Load(), s.doubled.Load(), s.lost.Load(), s.swapped.Load()},
		Starved: time.Duration(s.starved.Load()), Backpressure: time.Duration(s.backpressure.Load()),
		Lateness: quantiles(s.lateness), Acknowledged: quantiles(s.acknowledged)}
}

func quantiles(l *playback.Lateness) Lateness {
	q := l.Quantiles(50, 90, 99, 99.9, 100)
	return Lateness{q[0], q[1], q[2], q[3], q[4]}
}
