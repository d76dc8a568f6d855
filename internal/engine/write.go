package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// flightState is what the write stage knows of a flight.
type flightState struct {
	pending  int  // deliveries that are not done
	troubled bool // the sink has failed on it as a whole
	main     delivery
	dead     delivery          // of its dead letters
	letters  pipeline.Batch    // the dead letters
	failures []pipeline.Record // that have failed for good and are not yet dealt with
	stop     *pipeline.Record  // the failed record at which the pipeline stops
	counts   counts
	position pipeline.Position
}

// delivery is a batch on its way to a sink, perhaps not for the first time.
type delivery struct {
	sink     pipeline.Sink
	name     string
	batch    *pipeline.Batch
	done     func(error) // sends an ack; made once for every flight
	err      error
	attempts int
	wait     *backoff.ExponentialBackOff // once it has been tried again
}

// ack is a sink's word that it is done with a delivery. It carries the error,
// which only the write stage may keep: a flight's other delivery may still be
// under way.
type ack struct {
	flight   *flight
	delivery *delivery
	err      error
}

// writer is the write stage. It runs on the goroutine that called Run.
type writer struct {
	*Pipeline
	ctx         context.Context // done when what is under way is to be given up
	giveUp      func()
	stopReading func()

	acks     chan ack
	queue    []*flight // under way, in order
	position pipeline.Position
	err      error
	ended    bool // takes no more flights
	troubled int  // flights under way on which the sink has failed
	logged   int  // failures
}

// run writes flights until there are no more and all are settled.
func (w *writer) run() error {
	w.acks = make(chan ack, 2*flights) // so that done never blocks
	for !w.ended || len(w.queue) > 0 {
		w.next()
		w.settle()
	}
	w.stopReading()
	if errors.Is(w.err, errGrace) {
		w.abandon()
	}
	if w.opts.Store != nil && w.plan.Resume && len(w.position) > 0 {
		w.fail(w.opts.Store.Save(w.plan.Name, w.position, true))
	}
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
	in := w.released
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

// halt ends the pipeline with err, and what is under way goes on.
func (w *writer) halt(err error) {
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
		f.main = delivery{sink: w.sink, name: w.plan.Sink.Name, batch: &f.Batch,
			done: func(err error) { w.acks <- ack{f, &f.main, err} }}
		f.dead = delivery{sink: w.dead, batch: &f.letters,
			done: func(err error) { w.acks <- ack{f, &f.dead, err} }}
		if w.plan.DeadLetter != nil {
			f.dead.name = w.plan.DeadLetter.Name
		}
	}
	f.counts, f.stop, f.Written = counts{}, nil, 0
	f.failures, f.position = f.failures[:0], f.position[:0]
	w.sort(f)
	w.queue = append(w.queue, f)
	w.deliver(f, &f.main)
	w.bury(f)
}

// deliver begins a delivery.
func (w *writer) deliver(f *flight, d *delivery) {
	d.err, d.attempts, d.wait = nil, 1, nil
	if len(d.batch.Records) > 0 {
		f.pending++
		d.sink.Write(w.ctx, d.batch, d.done)
	}
}

// sort moves the records that have failed or are filtered out of the sink's
// way, and notes the flight's position.
func (w *writer) sort(f *flight) {
	good, last := 0, -1 // last: where the record before is now
	takesBytes := w.encode != nil || w.plan.PassThrough
	for i := range f.Records {
		r := &f.Records[i]
		if r.Failure != nil && r.Failure != filtered && w.plan.Errors.OnFailure == config.Stop {
			f.stop = new(r.Clone())
			f.counts.read++
			f.counts.failed++
			w.end()
			break
		}
		if last >= 0 && !r.Origin.SamePartition(f.Records[last].Origin) {
			f.position = f.position.Advance(f.Records[last].Origin)
		}
		last = i
		f.counts.read++
		switch r.Failure {
		case nil:
			if takesBytes {
				f.counts.bytes += int64(len(r.Key) + len(r.Encoded))
			}
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
	}
	if last >= 0 {
		f.position = f.position.Advance(f.Records[last].Origin)
		f.counts.eventTime = f.Records[last].Time
	}
	f.Records = f.Records[:good]
}

// settle settles flights in order, as far as they are done.
func (w *writer) settle() {
	for len(w.queue) > 0 && w.queue[0].pending == 0 {
		f := w.queue[0]
		if !w.settled(f) {
			return
		}
		w.queue = slices.Delete(w.queue, 0, 1)
		if f.troubled {
			f.troubled = false
			w.troubled--
		}
		w.stats.add(&f.counts, f.position)
		if f.last {
			w.free <- f.from
		}
		w.unused <- f
	}
}

// settled deals with the outcome of a flight. It reports false if the flight
// is under way again.
func (w *writer) settled(f *flight) bool {
	if errors.Is(f.main.err, pipeline.ErrDone) && w.err == nil {
		w.gone = true
		w.end()
		w.giveUp()
	}
	switch {
	case w.gone:
		f.counts, f.position = counts{}, f.position[:0]
		return true
	case w.err != nil:
		w.undelivered(f)
		return true
	case f.main.err != nil:
		return w.again(f, &f.main, f.main.err)
	case f.dead.err != nil:
		return w.again(f, &f.dead, f.dead.err)
	}
	f.counts.bytes += f.Written
	f.Written = 0
	if err := w.collect(f); err != nil {
		return w.again(f, &f.main, err)
	}
	if i := slices.IndexFunc(f.letters.Records, failed); i >= 0 {
		w.fail(fmt.Errorf("dead letter sink %s: %w", f.dead.name, f.letters.Records[i].Failure.Err))
	}
	f.letters.Reset()
	if w.bury(f); f.pending > 0 {
		return false
	}
	w.commit(f)
	return true
}

func failed(r pipeline.Record) bool { return r.Failure != nil }

// undelivered settles a flight of a pipeline that has failed: nothing is
// tried again or committed.
func (w *writer) undelivered(f *flight) {
	if f.main.err == nil {
		_ = w.collect(f)
	}
	n := f.counts.read - f.counts.written - f.counts.filtered - f.counts.skipped - f.counts.failed
	f.counts.failed += n
	f.counts.undelivered += n
	f.position = f.position[:0]
}

// again makes a further try at what is left of a delivery, after a while,
// unless that can't help.
func (w *writer) again(f *flight, d *delivery, err error) bool {
	switch {
	case w.ctx.Err() != nil:
		w.fail(errGrace)
	case pipeline.IsPermanent(err) || d.attempts > w.plan.Errors.Retries:
		w.fail(fmt.Errorf("sink %s: %w", d.name, err))
	}
	if w.err != nil {
		w.undelivered(f)
		return true
	}
	if d.wait == nil {
		d.wait = newBackoff(w.plan.Errors)
	}
	wait := d.wait.NextBackOff()
	w.log.Warn("the sink failed; trying again", "plugin", d.name, "error", err,
		"retry", d.attempts, "of", w.plan.Errors.Retries, "in", wait.Round(1e6))
	sleep(w.ctx, wait) // cut short, the sink says so itself
	for i := range d.batch.Records {
		d.batch.Records[i].Failure = nil // the sink's word on a batch that is not stored is void
	}
	d.batch.Written = 0
	d.err = nil
	d.attempts++
	f.pending++
	d.sink.Write(w.ctx, d.batch, d.done)
	return false
}

// errGrace is the end of a pipeline that was stopped but could not store all
// that it had released.
var errGrace = errors.New("not everything that had been released was stored within the grace time")

// abandon counts what was released but not even sent when the grace time was
// over.
func (w *writer) abandon() {
	for f := range w.released {
		n := int64(len(f.Records))
		w.stats.add(&counts{read: n, failed: n, undelivered: n}, nil)
	}
}

// collect takes the records that the sink has stored out of the flight, and
// moves those on which it failed for good to its failures. What is then left
// may be tried again, for the error that it returns.
func (w *writer) collect(f *flight) (again error) {
	left := 0
	for i := range f.Records {
		r := &f.Records[i]
		switch {
		case r.Failure == nil:
			f.counts.written++
		case retryable(r.Failure.Err) && f.main.attempts <= w.plan.Errors.Retries && w.err == nil:
			again = r.Failure.Err
			r.Failure = nil
			f.Records[left], f.Records[i] = f.Records[i], f.Records[left]
			left++
		default:
			r.Failure.Stage, r.Failure.Plugin, r.Failure.Attempts = pipeline.StageSink, f.main.name, f.main.attempts
			f.failures = append(f.failures, r.Clone())
		}
	}
	f.Records = f.Records[:left]
	return again
}

// commit hands on the flight's position: all of it is done.
func (w *writer) commit(f *flight) {
	if f.stop != nil {
		w.halt(w.stopError(f.stop))
	}
	for _, o := range f.position {
		w.position = w.position.Advance(o)
	}
	if len(f.position) == 0 {
		return
	}
	if c, ok := w.source.(pipeline.Committer); ok {
		if err := c.Commit(w.ctx, f.position); err != nil {
			w.fail(fmt.Errorf("source %s: committing: %w", w.plan.Source.Name, err))
		}
	} else if w.plan.Resume && w.opts.Store != nil {
		w.fail(w.opts.Store.Save(w.plan.Name, w.position, false))
	}
}
