package engine

import (
	"errors"
	"runtime/debug"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
)

// handle takes a part through a handler, as far as it comes in its time, and
// returns the piece of it that is through. Nothing after a record at which the
// pipeline stops is handled.
func (w *worker) handle(s *step, p *part) (piece *part) {
	if s.first {
		p.seen = w.leaveOut(p.records, p.turn)
	}
	w.call.Store(&s.running)
	for i := 0; i < len(p.records); i++ {
		w.cutAt(p, i)
	}
	var n int
	if s.single != nil {
		w.given.take(p, len(p.records))
		w.results.Reset(&w.given.Batch)
		n = w.handleEach(s, p)
	} else {
		n = w.given.takeGood(p, s.most.records())
		w.results.Reset(&w.given.Batch)
		if len(w.given.Records) > 0 {
			n = w.handleBatch(s, p, n)
		}
	}
	w.call.Store(nil)
	piece = w.split(p, min(n, len(p.records)))
	w.given.putBack(piece.records)
	if w.last {
		w.refuseResults(piece, s)
	} else {
		w.assemble(piece, s)
	}
	return piece
}

// given is the records that a handler is given of a part.
type given struct {
	pipeline.Batch
	places []int // of the records in the part; empty: they are the first of it

	records []pipeline.Record // memory for those of a part in which some have failed
}

// take takes a part's first n records.
func (g *given) take(p *part, n int) { g.Records, g.places = p.records[:n:n], g.places[:0] }

// takeGood takes a part's first records that have not failed, so many at most
// unless they come of the same record, and returns how far it has come.
func (g *given) takeGood(p *part, most int) (n int) {
	good := 0
	for ; n < len(p.records) && (good < most || p.isFurther(n)); n++ {
		if p.records[n].Failure == nil {
			good++
		}
	}
	g.take(p, n)
	if good == n {
		return n
	}
	g.records = g.records[:0]
	for i := range n {
		if p.records[i].Failure == nil {
			g.records = append(g.records, p.records[i])
			g.places = append(g.places, i)
		}
	}
	g.Records = g.records
	return n
}

// place is where the i-th record is in the part.
func (g *given) place(i int) int {
	if len(g.places) == 0 {
		return i
	}
	return g.places[i]
}

// putBack puts the records back into the part, as far as it goes.
func (g *given) putBack(records []pipeline.Record) {
	for i, at := range g.places {
		if at < len(records) {
			records[at] = g.Records[i]
		}
	}
}

// handleEach handles single records until all are handled or the time is up, and
// returns how many are.
func (w *worker) handleEach(s *step, p *part) (n int) {
	for n < len(p.records) && !w.isDue(p, n) {
		n = w.handleSingles(s, p, n)
	}
	return n
}

// handleSingles goes on at the part's i-th record, up to the end, until the time
// is up, or to a record at which the handler panics, and returns the number of
// the next.
func (w *worker) handleSingles(s *step, p *part, i int) (next int) {
	defer func() {
		if v := recover(); v != nil {
			w.results.Drop(i)
			p.records[i].Failure = w.panicked(&p.records[i], v, s.stage(), s.name)
			next = i + 1
			w.cutAt(p, i)
		}
	}()
	for ; i < len(p.records); i++ {
		r := &p.records[i]
		if r.Failure != nil {
			continue
		}
		if w.isDue(p, i) {
			return i
		}
		if p.whole && w.stopping.Load() {
			p.cut(i)
			return i
		}
		w.results.For(i)
		err := p.tried
		if p.tried = nil; err == nil {
			err = verdict(r, w.handleOnce(s, r))
		}
		if err != nil && w.postpones(p, i, err) {
			return i
		}
		if err != nil && !w.again(s, i, err, func() error { return verdict(r, w.handleOnce(s, r)) }) {
			p.cut(i)
			return i
		}
		if w.last && w.results.Len() > 0 {
			w.refuse(r, s)
			w.results.Drop(i)
		}
		w.cutAt(p, i)
	}
	return i
}

// postpones reports whether the i-th record, for which a handler has returned err,
// is to be tried again only when what is before it has gone on: that takes a
// while.
func (w *worker) postpones(p *part, i int, err error) bool {
	if i == 0 || p.isFurther(i) || !retryable(err) || w.plan.Errors.Retries == 0 {
		return false
	}
	w.results.Drop(i)
	p.tried = err
	w.due.Store(true)
	return true
}

// cutAt ends the part with its i-th record if the pipeline stops there.
func (w *worker) cutAt(p *part, i int) {
	if w.stopsAt(&p.records[i]) {
		p.end(i + 1)
	}
}

// again calls a handler again and again for the i-th record, for which it has
// returned err, while that may pass. It reports false if it was stopped before
// it had a result.
func (w *worker) again(s *step, i int, err error, call func() error) bool {
	var wait *backoff.ExponentialBackOff
	for attempts := 1; err != nil; attempts++ {
		w.results.Drop(i)
		switch {
		case w.writing.Err() != nil:
			return false
		case w.failed(&w.given.Records[i], s, err, attempts):
			return true
		case wait == nil:
			wait = newBackoff(w.plan.Errors)
		}
		if !w.backOff(wait, s, &w.given.Records[i], err, attempts) {
			return false
		}
		w.results.For(i)
		err = call()
	}
	return true
}

// handleBatch has a handler of batches handle what it is given, and returns how
// far it has come in the part, n if it has handled all. If it fails as a whole,
// it is given the records one by one, until the time is up.
func (w *worker) handleBatch(s *step, p *part, n int) int {
	if p.whole && w.stopping.Load() {
		p.cut(w.given.place(0))
		return n
	}
	began := time.Now()
	err := w.try(s, &w.given.Batch, &w.results)
	if w.writing.Err() != nil && err != nil {
		p.cut(w.given.place(0))
		return n
	}
	s.most.note(len(w.given.Records), time.Since(began), err)
	alone := err != nil && len(w.given.Records) > 1
	for i := range w.given.Records {
		r := &w.given.Records[i]
		if alone {
			if w.isDue(p, w.given.place(i)) {
				for k := range w.given.Records[i:] {
					w.given.Records[i+k].Failure = nil
				}
				return w.given.place(i)
			}
			if p.whole && w.stopping.Load() {
				p.cut(w.given.place(i))
				return n
			}
			w.results.Drop(i)
			err = w.callAlone(s, i)
		} else if r.Failure != nil {
			err, r.Failure = r.Failure.Err, nil
			if errors.Is(err, pipeline.ErrUntried) {
				err = w.callAlone(s, i)
			}
		}
		if err != nil && !w.again(s, i, err, func() error { return w.callAlone(s, i) }) {
			p.cut(w.given.place(i))
			return n
		}
		err = nil
		if w.stopsAt(r) {
			p.end(w.given.place(i) + 1)
			return n
		}
	}
	return n
}

// callAlone gives a handler the i-th record alone.
func (w *worker) callAlone(s *step, i int) error {
	r := &w.given.Records[i]
	r.Failure = nil
	w.one.Records = w.given.Records[i : i+1 : i+1]
	w.ofOne.Reset(&w.one)
	err := w.try(s, &w.one, &w.ofOne)
	if err == nil && r.Failure != nil {
		err, r.Failure = r.Failure.Err, nil
	}
	if err != nil {
		return err
	}
	w.results.For(i)
	for _, result := range w.ofOne.All() {
		if result == r {
			w.results.Keep()
		} else {
			*w.results.Add() = *result
		}
	}
	return nil
}

// try calls a handler with a batch, in which it may panic.
func (w *worker) try(s *step, b *pipeline.Batch, out *pipeline.Results) (err error) {
	w.batched.Store(int64(len(b.Records)))
	defer func() {
		w.batched.Store(0)
		if v := recover(); v != nil { // which of several records it is will show
			err = pipeline.Permanent(&pipeline.PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	return w.handleAll(s, b, out)
}

// Skipping such records would lose what the handler returns.
var errResults = pipeline.Fatal(errors.New("the handler returns a record, but the pipeline ends with it; to send records on, write  - handler: {NAME: …}  among the transforms, before a sink"))

// refuse fails a record with results at the end of a pipeline.
func (w *worker) refuse(r *pipeline.Record, s *step) {
	if r.Failure == nil {
		r.Failure = &pipeline.Failure{Err: errResults, Stage: s.stage(), Plugin: s.name, Attempts: 1}
	}
}

// refuseResults fails the records with results.
func (w *worker) refuseResults(p *part, s *step) {
	for i := range w.results.All() {
		if at := w.given.place(i); at < len(p.records) {
			w.refuse(&p.records[at], s)
		}
	}
}

// assemble puts the results in the place of the part's records.
func (w *worker) assemble(p *part, s *step) {
	if w.onlyKept(p) {
		return
	}
	p.made[0], p.made[1] = p.made[1], p.made[0]
	o := &p.made[0]
	o.records, o.further = o.records[:0], o.further[:0]
	next := 0
	stay := func(end int) { // records without results
		for ; next < end; next++ {
			r := &p.records[next]
			if r.Failure == nil {
				r.Failure = filtered
			}
			o.add(r, p.isFurther(next))
		}
	}
	for i, result := range w.results.All() {
		at := w.given.place(i)
		if at >= len(p.records) || p.records[at].Failure != nil {
			continue
		}
		if result.Failure != nil {
			result.Failure.Stage, result.Failure.Plugin = s.stage(), s.name
		}
		stay(at)
		o.add(result, at < next || p.isFurther(at))
		next = at + 1
	}
	stay(len(p.records))
	p.records, p.further = o.records, o.further
}

// onlyKept reports whether every result is a record of the part itself, and
// then filters the others.
func (w *worker) onlyKept(p *part) bool {
	last := -1
	for i, result := range w.results.All() {
		if i == last || result != &w.given.Records[i] {
			return false
		}
		last = i
	}
	next := 0
	filter := func(end int) {
		for ; next < min(end, len(p.records)); next++ {
			if r := &p.records[next]; r.Failure == nil {
				r.Failure = filtered
			}
		}
	}
	for i := range w.results.All() {
		at := w.given.place(i)
		filter(at)
		next = at + 1
	}
	filter(len(p.records))
	return true
}
