package engine

import (
	"context"
	"errors"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// releaser is the release stage of a paced pipeline.
type releaser struct {
	*Pipeline
	done     <-chan struct{}
	timer    *playback.Timer
	now      int64
	late     []int64 // of the records that are released together
	dueKnown bool    // due is the due time of the next record
	due      int64
}

// releaseStage releases records when they are due. Once ctx is done it drops
// what is not released.
func (p *Pipeline) releaseStage(ctx context.Context) {
	defer close(p.released)
	r := &releaser{Pipeline: p, done: ctx.Done(), timer: playback.NewTimer(p.clock), now: p.clock.Now()}
	defer r.timer.Stop()
	for {
		b, ok := r.next()
		if !ok {
			return
		}
		for records := b.Records; len(records) > 0; { // b itself may be free again after its last flight
			n, ok := r.await(records)
			if !ok || !r.release(b, records[:n:n], n == len(records)) {
				p.dropped.Store(true)
				return
			}
			records = records[n:]
		}
	}
}

// next returns the next batch. While there is none, the replay is starved, or
// the sink holds it up, from when that batch's first record with a time was
// due.
func (r *releaser) next() (b *batch, ok bool) {
	select {
	case b, ok = <-r.processed:
		return b, ok
	default:
	}
	waiting, blocked := r.clock.Now(), &r.stats.starved
	if r.waitsForMemory.Load() {
		blocked = &r.stats.backpressure // the memory is with the sink
	}
	if b, ok = <-r.processed; !ok {
		return nil, false
	}
	r.now = r.clock.Now()
	for i := range b.Records {
		if rec := &b.Records[i]; hasTime(rec) {
			r.look(rec)
			blocked.Add(max(r.now-max(r.due, waiting), 0))
			break
		}
	}
	return b, true
}

var errNoTime = errors.New("the record has no event time, and pace: needs one; tell the source which column holds it, or leave pace out")

// hasTime reports whether a record can wait for its due time. One without an
// event time fails.
func hasTime(r *pipeline.Record) bool {
	if r.Failure == nil && r.Time.IsZero() {
		r.Fail(errNoTime)
	}
	return r.Failure == nil
}

// look finds out when the next record is due.
func (r *releaser) look(rec *pipeline.Record) {
	if r.dueKnown {
		return
	}
	var backwards bool
	if r.due, backwards = r.clock.Due(rec.Time); backwards {
		r.stats.outOfOrder.Add(1)
	}
	r.dueKnown = true
}

// await waits until the first of the records is due and returns how many are.
// A record that has failed has no time: it goes with the one before it.
func (r *releaser) await(records []pipeline.Record) (n int, ok bool) {
	r.late = r.late[:0]
	for i := range records {
		rec := &records[i]
		if !hasTime(rec) {
			continue
		}
		r.look(rec)
		if r.due > r.now {
			if i > 0 {
				return i, true
			}
			if !r.timer.Wait(r.done, r.due) {
				return 0, false
			}
			r.now = r.clock.Now()
		}
		r.late = append(r.late, r.now-r.due)
		r.dueKnown = false
	}
	return len(records), true
}

// release hands records over to the write stage. If all flights are under way
// it waits for one: the sink is slower than the replay.
func (r *releaser) release(b *batch, records []pipeline.Record, last bool) bool {
	var f *flight
	select {
	case f = <-r.unused:
	default:
		waiting := r.clock.Now()
		select {
		case f = <-r.unused:
		case <-r.done:
			return false
		}
		r.now = r.clock.Now()
		r.stats.backpressure.Add(r.now - waiting)
		for i := range r.late {
			r.late[i] += r.now - waiting
		}
	}
	f.Records, f.from, f.last = records, b, last
	r.released <- f
	if len(r.late) > 0 {
		r.stats.lateness.Record(r.late)
	}
	return true
}
