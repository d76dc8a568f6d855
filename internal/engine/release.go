package engine

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// releaser is the release stage of a paced pipeline. It works on copies of the
// clock's state, which it makes anew when that has changed, so that a record
// costs no lock.
type releaser struct {
	*Pipeline
	done    <-chan struct{}
	batch   *batch
	sleeper *playback.Sleeper
	state   playback.State
	line    *playback.Line
	now     int64
	late    []int64 // of the records that are released together
	stepped int64   // how many of them leave although the clock is paused
	placed  bool    // place and due are the next record's
	place   playback.Place
	due     int64
	left    playback.Place // of the last record that left
	passed  bool           // one has left at this wake
	leapt   int64          // of the gap before the next record, how much was not played
	epoch   uint64         // of the batch
	round   int64          // of the batch
	taken   int            // how many of the batch's records have been handed over
	rebased bool           // event times are divided by the speed
	latest  int64          // the latest of those that have left
}

// releaseStage releases records when they are due. Once ctx is done it drops
// what is not released.
func (p *Pipeline) releaseStage(ctx context.Context) {
	defer close(p.released)
	r := &releaser{Pipeline: p, done: ctx.Done(), sleeper: playback.NewSleeper(p.clock, p.plan.Pace.Precision == config.Fine),
		line: newLine(p.plan.Pace), rebased: p.plan.Pace.Rebase == config.RebaseWall, now: p.clock.Now(), state: p.clock.State()}
	defer r.sleeper.Close()
	defer context.AfterFunc(ctx, r.sleeper.Wake)()
	defer p.watchSuspension(ctx)()
	defer p.acts.rests(true)
	p.acts.rests(false)
	for {
		if !r.next() {
			return
		}
		b := r.batch
		if b.end {
			if p.seeks.end(b.epoch) {
				return
			}
			continue
		}
		r.epoch = b.epoch
		for records := b.Records; len(records) > 0; { // b itself may be free again after its last flight
			f, ok := r.flight(records)
			if !ok {
				p.dropped.Store(true)
				return
			}
			n, ok := r.await(records)
			if !ok {
				p.dropped.Store(true)
				return
			}
			if r.sought() { // a flight of no records takes the batch back in its turn
				n, records, r.placed, r.passed = 0, nil, false, false
				b.done = b.done[:0]
			}
			f.Records, f.from, f.last, f.due = records[:n:n], b, n == len(records), r.firstDue()
			r.leaving.Add(int64(n))
			r.released <- f
			r.account()
			records = records[n:]
			r.taken += n
		}
	}
}

// next takes the next batch. While there is none, the replay is starved, or
// the sink holds it up.
func (r *releaser) next() (ok bool) {
	select {
	case r.batch, ok = <-r.processed:
		r.begin()
		return ok
	default:
	}
	r.acts.rests(true)
	defer r.acts.rests(false)
	waiting, waits, blocked := r.clock.Now(), r.memoryWaits.Load(), &r.stats.starved
	if r.batch, ok = <-r.processed; ok {
		if waits%2 == 1 || r.memoryWaits.Load() != waits {
			blocked = &r.stats.backpressure // the memory was with the sink
		}
		r.begin()
		r.held(blocked, waiting, r.batch.Records)
	}
	return ok
}

// begin begins with a batch, and with a round if the batch does.
func (r *releaser) begin() {
	if r.batch == nil {
		return
	}
	r.taken, r.round = 0, r.batch.round
	if !r.batch.begins {
		return
	}
	r.refresh() // the round comes after any seek
	if r.batch.epoch == r.seeks.epoch.Load() {
		r.line.Round(int64(r.plan.Pace.LoopDelay))
	}
}

// event returns what the clock plays of the i-th record that is left: its event
// time as it was recorded, unless chance has moved it.
func (r *releaser) event(i int, rec *pipeline.Record) int64 {
	if at := r.batch.at; len(at) > 0 {
		return at[r.taken+i]
	}
	return playback.EventTime(rec.Time)
}

// flight returns a flight to release records in. If all are under way it waits
// for one: the sink is slower than the replay.
func (r *releaser) flight(records []pipeline.Record) (f *flight, ok bool) {
	select {
	case f = <-r.unused:
		return f, true
	default:
	}
	r.acts.rests(true)
	defer r.acts.rests(false)
	waiting := r.clock.Now()
	select {
	case f = <-r.unused:
		r.held(&r.stats.backpressure, waiting, records)
		return f, true
	case <-r.done:
		return nil, false
	}
}

// held adds to a counter for how long the replay could not go on, from when
// the first record with a time was due.
func (r *releaser) held(counter *atomic.Int64, waiting int64, records []pipeline.Record) {
	r.refresh()
	r.now = r.clock.Now()
	for i := range records {
		if r.hasTime(&records[i]) {
			r.look(i, &records[i])
			counter.Add(max(r.now-max(r.due, waiting), 0))
			return
		}
	}
}

var errNoTime = errors.New("the record has no event time, and pace: needs one; tell the source which column holds it, or leave pace out")

// hasTime reports whether a record can wait for its due time. One without an
// event time fails, unless the pace is a constant rate.
func (r *releaser) hasTime(rec *pipeline.Record) bool {
	if rec.Failure == nil && rec.Time.IsZero() && r.plan.Pace.Rate.Records == 0 {
		rec.Fail(errNoTime)
	}
	return rec.Failure == nil
}

// sought reports whether a seek has made the batch one of the past.
func (r *releaser) sought() bool { return r.epoch != r.seeks.epoch.Load() }

// refresh makes the copy of the clock's state anew if that has changed.
func (r *releaser) refresh() {
	if !r.clock.Changed(r.state.Version) {
		return
	}
	jumps, leapt := r.state.Jumps, r.state.Leapt
	r.state = r.clock.State()
	r.leapt += r.state.Leapt - leapt
	if r.state.Jumps != jumps {
		r.line.Jump(r.state.Target)
		r.stats.jumped(&r.state)
		r.leapt = 0
	}
	r.now = r.clock.Now()
	r.placed = false
}

// look finds out when the next record is due, the i-th that is left.
func (r *releaser) look(i int, rec *pipeline.Record) {
	if r.placed {
		return
	}
	r.place = r.line.Place(r.event(i, rec), &r.state)
	if !r.state.Begun() {
		r.clock.Begin(r.place.At, r.beginning())
		r.refresh()
	}
	r.due = r.state.Due(r.place.At)
	r.placed = true
}

// await waits until the first of the records is due and returns how many are.
// A record that has failed has no time: it goes with the one before it.
func (r *releaser) await(records []pipeline.Record) (n int, ok bool) {
	r.late, r.stepped = r.late[:0], 0
	r.refresh()
	if r.sought() {
		return 0, true
	}
	for i := range records {
		if !r.hasTime(&records[i]) {
			continue
		}
		for r.look(i, &records[i]); r.due > r.now && r.stepped == r.state.Steps; r.look(i, &records[i]) {
			if i > 0 {
				return i, true
			}
			if !r.sleep(&records[i]) {
				return 0, false
			}
			if r.sought() {
				return 0, true
			}
		}
		r.pass(&records[i])
	}
	return len(records), true
}

// sleep waits until the next record is due, or something has changed. It
// reports false once the stage is to end.
func (r *releaser) sleep(next *pipeline.Record) bool {
	r.stats.expect(&r.place, &r.state)
	if r.due-r.now >= int64(longWait) {
		r.stats.await(next.Origin)
	}
	r.acted()
	if !r.sought() && r.leap.Swap(false) {
		r.clock.Leap(r.place.At)
		r.refresh()
		return true
	}
	r.now = r.sleeper.Wait(r.due, r.state.Version)
	select {
	case <-r.done:
		return false
	default:
	}
	r.refresh()
	return true
}

// pass has the next record leave now, or be dropped.
func (r *releaser) pass(rec *pipeline.Record) {
	late := r.now - r.due
	if r.state.Paused {
		late = 0
		r.stepped++
	} else {
		r.stats.played += uint64(max(r.place.Gap-r.leapt, 0))
	}
	r.leapt = 0
	r.line.Pass(r.place)
	r.left, r.placed, r.passed = r.place, false, true
	if r.place.Backwards {
		r.stats.outOfOrder.Add(1)
	}
	if r.place.Cut > 0 {
		r.stats.shortened.Add(1)
	}
	if r.rebased {
		r.latest = max(r.latest, playback.EventTime(rec.Time))
	}
	if late > behind && r.catchUp(rec, late) {
		return
	}
	r.late = append(r.late, late)
}

// firstDue returns when the first of the records that leave now was due, and
// a number below 0 if none leaves by the clock.
func (r *releaser) firstDue() int64 {
	if r.stepped > 0 || len(r.late) == 0 {
		return -1
	}
	return r.now - r.late[0]
}

// account tells what has left at this wake.
func (r *releaser) account() {
	if !r.passed {
		return
	}
	r.passed = false
	if len(r.late) > 0 {
		r.stats.lateness.Record(r.late)
	}
	r.stats.keep(&r.left, r.state.Ran(r.now))
	r.stats.round.Store(r.round)
	r.stats.rebased.Store(r.latest)
	if r.stepped > 0 {
		r.clock.Stepped(r.stepped, r.left.At)
	}
	r.acted()
}

// acted tells that what the state of the clock says has been done.
func (r *releaser) acted() {
	r.acts.found.Store(r.epoch)
	r.acts.version.Store(r.state.Version)
	r.acts.tell()
}
