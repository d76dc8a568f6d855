package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pipeline-daemon/pipeline"
)

// settle settles flights in order, as far as they are done.
func (w *writer) settle() {
	for len(w.queue) > 0 && w.queue[0].pending == 0 && !w.left {
		f := w.queue[0]
		if !w.finish(f) {
			return
		}
		w.queue = slices.Delete(w.queue, 0, 1)
		if f.troubled {
			f.troubled = false
			w.troubled--
		}
		w.stats.add(&f.counts, f.position)
		w.acts.tell()
		if f.last {
			f.from.home <- f.from
		}
		f.home <- f
	}
}

// finish deals with the outcome of a flight. It reports false if the flight
// is under way again.
func (w *writer) finish(f *flight) bool {
	if errors.Is(f.main.err, pipeline.ErrDone) && w.err == nil {
		w.gone = true
		w.end()
		w.giveUp()
	}
	if w.gone {
		f.counts, f.position = storedLast(&f.main), f.position[:0]
		return true
	}
	w.collect(f)
	switch {
	case w.err != nil:
		w.countUndelivered(f)
		return true
	case f.main.err != nil:
		return w.retry(f, &f.main)
	case f.dead.err != nil:
		return w.retry(f, &f.dead)
	}
	if w.applyPolicy(f); f.pending > 0 {
		return false
	}
	w.commit(f)
	w.passTurn(f)
	return true
}

// storedLast counts what a sink whose reader has gone has stored of a delivery.
func storedLast(d *delivery) (c counts) {
	if !errors.Is(d.err, pipeline.ErrDone) {
		return c
	}
	for i := range d.batch.Records {
		if d.batch.Records[i].Failure == nil {
			c.written++
		}
	}
	if c.written == int64(len(d.batch.Records)) { // the sink has marked none: it doesn't know
		return counts{}
	}
	c.read, c.bytes = c.written, d.batch.Written
	return c
}

// countUndelivered settles a flight of a pipeline that has failed: nothing is
// tried again or committed.
func (w *writer) countUndelivered(f *flight) {
	c := &f.counts
	n := c.read + c.added - c.written - c.filtered - c.failed - c.skipped - c.deadLettered
	c.failed += n
	c.undelivered += n
	f.position = f.position[:0]
}

// retry makes a further try at what is left of a delivery, after a while,
// unless that can't help.
func (w *writer) retry(f *flight, d *delivery) bool {
	switch {
	case w.ctx.Err() != nil:
		w.fail(errGrace)
	case errors.Is(d.err, pipeline.ErrDone): // of dead letters, which would be lost
		w.fail(fmt.Errorf("%s %s: %w", d.role, d.plugin, d.err))
	case pipeline.IsPermanent(d.err) || d.attempts > w.plan.Errors.Retries:
		w.fail(fmt.Errorf("%s %s: %w", d.role, d.plugin, d.err))
	}
	if w.err != nil {
		w.countUndelivered(f)
		return true
	}
	if d.wait == nil {
		d.wait = newBackoff(w.plan.Errors)
	}
	wait := d.wait.NextBackOff()
	w.log.Warn("the "+d.role+" failed; trying again", "plugin", d.plugin, "error", d.err,
		"retry", d.attempts, "of", w.plan.Errors.Retries, "in", wait.Round(1e6))
	sleep(w.ctx, wait) // cut short, the sink says so itself
	for i := range d.batch.Records {
		d.batch.Records[i].Failure = nil // the sink's word on a batch that is not stored is void
	}
	d.batch.Written = 0
	d.err = nil
	d.attempts++
	f.pending++
	w.write(d)
	return false
}

// errGrace is the end of a pipeline that was stopped but could not store all
// that it had released.
var errGrace = errors.New("not everything that had been released was stored within the grace time")

// abandon counts what was released but not even sent when the grace time was
// over.
func (w *writer) abandon() {
	for f := range w.handled {
		further, _ := f.from.send(len(f.Records))
		c := counts{}
		for i := range f.Records {
			if f.Records[i].Failure == foreign {
				continue
			}
			c.countIn(further, i)
			if f.Records[i].Failure == filtered {
				c.filtered++
			}
		}
		c.failed = c.read + c.added - c.filtered
		c.undelivered = c.failed
		w.stats.add(&c, nil)
	}
}

// collect counts what the sinks have stored of a flight.
func (w *writer) collect(f *flight) {
	var lost []pipeline.Record
	if f.main.err == nil {
		w.stats.take(f.main.batch.Records)
	}
	stored, bytes := w.take(&f.main, &f.failures)
	f.counts.written += stored
	f.counts.bytes += bytes
	buried, _ := w.take(&f.dead, &lost)
	f.counts.deadLettered += buried
	if f.dead.err == nil && len(lost) == 0 {
		f.countSharing()
	}
	if len(lost) > 0 {
		w.fail(fmt.Errorf("%s %s: %w", f.dead.role, f.dead.plugin, lost[0].Failure.Err))
	}
}

// countSharing counts the results whose letter is that of another one, once
// this flight's letters are stored.
func (f *flight) countSharing() {
	if len(f.letters.Records) == 0 {
		f.counts.deadLettered += f.sharing
		f.sharing = 0
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
	encoded := w.plan.Encode != nil || w.plan.PassThrough
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
			r.Failure.Stage, r.Failure.Plugin, r.Failure.Attempts = pipeline.StageSink, d.plugin, d.attempts
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
	if f.stop != nil && w.stopsAt(f.stop) {
		w.halt(w.stopError(f.stop))
	}
	w.halt(w.tooManyFailures(f))
	if w.clock != nil && f.due >= 0 {
		w.stats.acknowledged.RecordAll(w.clock.Now()-f.due, f.counts.written)
	}
	moved := f.from.restart && f.counts.read > 0
	if moved { // positions follow the play head
		w.position, f.from.restart = append(pipeline.Position{}, f.from.begin...), false
	}
	for _, o := range f.position {
		w.position = w.position.Advance(o)
	}
	if len(f.position) == 0 && !moved {
		return
	}
	if w.committer != nil {
		if err := w.committer.Commit(w.ctx, f.position); err != nil && w.ctx.Err() != nil {
			w.fail(errGrace)
		} else if err != nil {
			w.fail(fmt.Errorf("source %s: committing: %w", w.plan.Source.Name, err))
		}
		return
	}
	w.fail(w.keep(false))
}

// keep keeps the position for resume, unless the source does so itself.
func (w *writer) keep(flush bool) error {
	if w.committer != nil || !w.plan.Resume || w.opts.Store == nil || w.position == nil { // an empty one is the start, gone back to
		return nil
	}
	return w.opts.Store.Save(w.plan.Name, w.position, flush)
}
