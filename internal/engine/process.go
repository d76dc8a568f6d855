package engine

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// processStage decodes, transforms and encodes, batch by batch.
func (p *Pipeline) processStage() {
	if p.clock != nil {
		defer close(p.processed)
	} else {
		defer close(p.released)
	}
	w := p.processors.alone()
	if w == nil {
		p.processAbreast()
		return
	}
	for b := range p.current {
		whole := w.processBatch(b)
		if p.conclude(b, whole); !whole {
			return
		}
	}
}

// current yields what has been read, but for what a seek has left behind, until
// the pipeline is stopped.
func (p *Pipeline) current(yield func(*batch) bool) {
	for b := range p.read {
		switch {
		case p.stopping.Load():
			p.dropped.Store(true)
			return
		case p.passed(b):
			p.discard(b)
		case !yield(b):
			return
		}
	}
}

// conclude hands on what has become of a batch: the whole of it, or what comes
// before the first record that was not processed.
func (p *Pipeline) conclude(b *batch, whole bool) {
	if !whole {
		b.done = b.done[:0]
		p.dropped.Store(true)
	}
	if len(b.Records) > 0 || b.end {
		p.forward(b)
	}
}

// passed reports whether a seek has made a batch one of the past.
func (p *Pipeline) passed(b *batch) bool { return b.epoch != p.seeks.epoch.Load() }

// discard drops such a batch.
func (p *Pipeline) discard(b *batch) {
	if !b.end {
		p.free <- b
	}
}

// forward hands a batch to the next stage; without a pace that is the handle
// or the write stage, and the whole batch is one flight.
func (p *Pipeline) forward(b *batch) {
	if p.clock != nil {
		p.processed <- b
		return
	}
	f := <-p.unused // there are as many as batches
	f.Records, f.from, f.last = b.Records, b, true
	p.released <- f
}

// processBatch reports false if it was stopped half way; the batch then ends
// before the first record that is not processed.
func (w *worker) processBatch(b *batch) bool {
	if w.keepsOriginals() {
		b.originals.keep(b.Records)
	}
	if w.idle() {
		return true
	}
	b.part.records = b.Records
	w.process(&b.part)
	b.replace(b.part.records, b.part.further)
	return b.part.whole
}

// handleStage gives the records to the handler in which the pipeline ends.
func (p *Pipeline) handleStage() {
	defer close(p.handled)
	w := p.handlers.alone()
	if w == nil {
		p.handleAbreast()
		return
	}
	var part part
	for f := range p.released {
		for done := 0; done < len(f.Records); {
			w.began = time.Now()
			part.records = f.Records[done:]
			w.process(&part)
			n := len(part.records)
			done += n
			if !part.whole && (p.reading.Err() != nil || n > 0 && p.stopsAt(&part.records[n-1])) {
				f.Records, f.last = f.Records[:done], false
				p.handled <- f
				p.dropped.Store(true)
				return
			}
			if part.whole {
				break
			}
			select {
			case g := <-p.unused: // what is done needs not wait for the rest
				g.Records, g.from, g.last, g.due = f.Records[:done:done], f.from, false, f.due
				p.handled <- g
				f.Records, done = f.Records[done:], 0
			default:
			}
		}
		p.handled <- f
	}
}

func retryable(err error) bool {
	return !pipeline.IsPermanent(err) && !errors.Is(err, pipeline.ErrFiltered)
}

func newBackoff(e config.Errors) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier, b.RandomizationFactor = e.Backoff.Initial, e.Backoff.Max, 2, e.Backoff.Jitter
	b.Reset()
	return b
}

// sleep waits and reports true, or false as soon as ctx is done.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
