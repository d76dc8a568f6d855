package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
)

// writer is the write stage. It runs on the goroutine that called Run.
type writer struct {
	*Pipeline
	ctx    context.Context // done when what is under way is to be given up
	giveUp func()

	acks     chan ack
	queue    []*flight // under way, in order
	err      error
	ended    bool // takes no more flights
	troubled int  // flights under way on which the sink has failed
	logged   int  // failures

	left       bool             // what is under way is not waited for any more
	lastFailed *pipeline.Record // that was skipped or became a dead letter
	seen       int64            // the last turn that has passed
	forgone    map[share]int64  // the turns before which no position moves on; nil: none has been left
	passed     int64            // how many were, or will be
}

// run writes flights until there are no more and all are settled.
func (w *writer) run() error {
	w.acks = make(chan ack, 2*flights) // so that done never blocks
	for !w.left && (!w.ended || len(w.queue) > 0) {
		w.next()
		w.settle()
	}
	w.stopReading()
	switch {
	case w.left:
		w.leave()
	case errors.Is(w.err, errGrace):
		w.abandon()
	case w.err == nil:
		w.halt(w.tooManyFailures(nil))
	}
	w.fail(w.keep(true))
	return w.err
}

// next takes the next thing that happens. What a sink has done comes before
// what it is given, and it is given nothing new while there is a flight that
// it may have to be given again: that one is not to be overtaken.
func (w *writer) next() {
	select {
	case a := <-w.acks:
		w.acked(a)
		return
	default:
	}
	in := w.handled
	if w.ended || w.troubled > 0 {
		in = nil
	}
	select {
	case f, ok := <-in:
		if ok {
			w.send(f)
		} else {
			w.ended = true
		}
	case a := <-w.acks:
		w.acked(a)
	case <-w.stuck:
		w.fail(w.stuckErr)
		w.left = true
	}
}

func (w *writer) acked(a ack) {
	f := a.flight
	a.delivery.err = a.err
	f.pending--
	if f.main.err != nil && !f.troubled {
		f.troubled = true
		w.troubled++
	}
}

// fail ends the pipeline with err, unless it is nil or the pipeline has failed
// before: nothing more is read, and what is under way is given up.
func (w *writer) fail(err error) {
	if err == nil {
		return
	}
	w.halt(err)
	w.giveUp()
}

// halt ends the pipeline with err, unless it is nil, and what is under way goes
// on.
func (w *writer) halt(err error) {
	if err == nil {
		return
	}
	if w.err == nil {
		w.err = err
	}
	w.end()
}

// end takes no more flights; those under way go on.
func (w *writer) end() {
	w.ended = true
	w.stopReading()
}

// send sorts a flight's records and begins to write them.
func (w *writer) send(f *flight) {
	if f.main.sink == nil {
		f.main = delivery{sink: w.sink, role: "sink", plugin: w.plan.Sink.Name, batch: &f.Batch,
			done: func(err error) { w.acks <- ack{f, &f.main, err} }}
		f.dead = delivery{sink: w.dead, role: "dead letter sink", batch: &f.letters,
			done: func(err error) { w.acks <- ack{f, &f.dead, err} }}
		if w.plan.DeadLetter != nil {
			f.dead.plugin = w.plan.DeadLetter.Name
		}
	}
	f.counts, f.stop, f.Written = counts{}, nil, 0
	f.failures, f.position = f.failures[:0], f.position[:0]
	w.separate(f)
	w.queue = append(w.queue, f)
	w.deliver(f, &f.main)
	w.applyPolicy(f)
}

// deliver begins a delivery.
func (w *writer) deliver(f *flight, d *delivery) {
	d.err, d.attempts, d.wait = nil, 1, nil
	if len(d.batch.Records) > 0 {
		f.pending++
		w.write(d)
	}
}

// write gives a delivery to its sink. If that panics, it may or may not have
// called done, so nothing is waited for any more.
func (w *writer) write(d *delivery) {
	defer func() {
		if v := recover(); v != nil {
			w.fail(fmt.Errorf("%s %s: %w", d.role, d.plugin, w.panicError(v)))
			w.left = true
		}
	}()
	d.sink.Write(w.ctx, d.batch, d.done)
}

// leave counts what was under way when it was left.
func (w *writer) leave() {
	for _, f := range w.queue {
		w.countUndelivered(f)
		w.stats.add(&f.counts, nil)
	}
}

// separate moves the records that have failed or are filtered out of the sink's
// way, and notes the flight's position.
func (w *writer) separate(f *flight) {
	further, open := f.from.send(len(f.Records))
	if !w.handles {
		f.seen = w.leaveOut(f.Records, f.from.Turn)
	}
	stop := w.stopPlace(f)
	done := positions(further, stop, len(f.Records)-open)
	good, last := 0, -1 // last: where the record before is now
	for i := range f.Records {
		r := &f.Records[i]
		if last >= 0 && (i == done || !r.At().SamePartition(f.Records[last].At())) {
			w.pass(f, last)
		}
		if r.Failure == foreign {
			w.forgo(r)
			continue
		}
		f.counts.countIn(further, i)
		if i == stop {
			f.stop = new(r.Clone())
			f.counts.failed++
			w.end()
			break
		}
		last = i
		switch r.Failure {
		case nil:
			if good != i {
				f.Records[good], f.Records[i] = f.Records[i], f.Records[good]
				last = good
			}
			good++
		case filtered:
			f.counts.filtered++
		default:
			f.failures = append(f.failures, r.Clone())
		}
		if i >= done {
			last = -1
		}
	}
	if last >= 0 {
		w.pass(f, last)
	}
	if f.from.held {
		f.position = f.position[:0]
		if f.last && f.stop == nil {
			f.position = append(f.position, f.from.done...)
		}
	}
	f.Records = f.Records[:good]
}

// pass moves a flight's position on to its i-th record.
func (w *writer) pass(f *flight, i int) {
	if at := f.Records[i].At(); !w.isForgone(at, f.from.Turn) {
		f.position = f.position.Advance(at)
	}
	f.counts.eventTime = f.Records[i].Time
}

// stopPlace returns the place of the flight's record at which the pipeline stops:
// by the policy, or as one that fails too many. Without one, it is behind the
// last.
func (w *writer) stopPlace(f *flight) int {
	failed := w.passed
	for i := range f.Records {
		r := &f.Records[i]
		if r.Failure == nil || r.Failure == filtered || r.Failure == foreign {
			continue
		}
		if failed++; w.stopsAt(r) || w.plan.Errors.MaxFailures.Exceeded(failed, 0, false) {
			return i
		}
	}
	return len(f.Records)
}

// positions returns how many of a flight's records, of at most n, move the
// position on: where several come of one record and the pipeline stops among
// them, none of these does.
func positions(further []bool, stop, n int) int {
	if further == nil || stop == len(further) {
		return n
	}
	for stop > 0 && further[stop] {
		stop--
	}
	return min(stop, n)
}
