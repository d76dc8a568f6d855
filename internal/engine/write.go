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
	if w.gone {
		f.counts, f.position = counts{}, f.position[:0]
		return true
	}
	w.collect(f)
	switch {
	case w.err != nil:
		w.undelivered(f)
		return true
	case f.main.err != nil:
		return w.again(f, &f.main)
	case f.dead.err != nil:
		return w.again(f, &f.dead)
	}
	if w.bury(f); f.pending > 0 {
		return false
	}
	w.commit(f)
	return true
}

// undelivered settles a flight of a pipeline that has failed: nothing is
// tried again or committed.
func (w *writer) undelivered(f *flight) {
	c := &f.counts
	n := c.read - c.written - c.filtered - c.failed - c.skipped - c.deadLettered
	c.failed += n
	c.undelivered += n
	f.position = f.position[:0]
}

// again makes a further try at what is left of a delivery, after a while,
// unless that can't help.
func (w *writer) again(f *flight, d *delivery) bool {
	switch {
	case w.ctx.Err() != nil:
		w.fail(errGrace)
	case pipeline.IsPermanent(d.err) || d.attempts > w.plan.Errors.Retries:
		w.fail(fmt.Errorf("sink %s: %w", d.name, d.err))
	}
	if w.err != nil {
		w.undelivered(f)
		return true
	}
	if d.wait == nil {
		d.wait = newBackoff(w.plan.Errors)
	}
	wait := d.wait.NextBackOff()
	w.log.Warn("the sink failed; trying again", "plugin", d.name, "error", d.err,
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
		c := counts{read: int64(len(f.Records))}
		for i := range f.Records {
			if f.Records[i].Failure == filtered {
				c.filtered++
			}
		}
		c.failed = c.read - c.filtered
		c.undelivered = c.failed
		w.stats.add(&c, nil)
	}
}

// collect counts what the sinks have stored of a flight.
func (w *writer) collect(f *flight) {
	var lost []pipeline.Record
	stored, bytes := w.take(&f.main, &f.failures)
	f.counts.written += stored
	f.counts.bytes += bytes
	buried, _ := w.take(&f.dead, &lost)
	f.counts.deadLettered += buried
	if len(lost) > 0 {
		w.fail(fmt.Errorf("dead letter sink %s: %w", f.dead.name, lost[0].Failure.Err))
	}
}

// take takes out of a delivery that is done the records that are stored, and
// returns how many they are and their bytes, and those that failed for good,
// which it adds to failures. What is left may be tried again: its error is the
// delivery's.
func (w *writer) take(d *delivery, failures *[]pipeline.Record) (stored, bytes int64) {
	if d.err != nil {
		return 0, 0
	}
	records := d.batch.Records
	encoded := w.encode != nil || w.plan.PassThrough
	left := 0
	for i := range records {
		r := &records[i]
		switch {
		case r.Failure == nil:
			stored++
			if encoded {
				bytes += int64(len(r.Key) + len(r.Encoded))
			}
		case retryable(r.Failure.Err) && d.attempts <= w.plan.Errors.Retries && w.err == nil:
			d.err = r.Failure.Err
			records[left], records[i] = records[i], records[left]
			left++
		default:
			r.Failure.Stage, r.Failure.Plugin, r.Failure.Attempts = pipeline.StageSink, d.name, d.attempts
			*failures = append(*failures, r.Clone())
		}
	}
	if d.batch.Written > 0 { // the sink knows better
		bytes, d.batch.Written = d.batch.Written, 0
	}
	d.batch.Records = records[:left]
	return stored, bytes
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
		return
	}
	w.fail(w.keep(false))
}

// keep keeps the position for resume, unless the source does so itself.
func (w *writer) keep(flush bool) error {
	_, itself := w.source.(pipeline.Committer)
	if itself || !w.plan.Resume || w.opts.Store == nil || len(w.position) == 0 {
		return nil
	}
	return w.opts.Store.Save(w.plan.Name, w.position, flush)
}
