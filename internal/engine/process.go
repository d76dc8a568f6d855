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
	w.guard(func() {
		for b := range p.current {
			whole := w.processBatch(b)
			if p.conclude(b, whole); !whole {
				return
			}
		}
	})
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
		b.home <- b
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
	f.Records, f.from, f.last, f.seen = b.Records, b, true, b.seen
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
	w.outlet = &batchOutlet{w.Pipeline, b}
	b.part.begin(b.Records, nil, b.Turn)
	w.process(&b.part, 0)
	b.seen = b.part.seen
	b.replace(b.part.outcomes)
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
	w.guard(func() {
		for f := range p.released {
			w.outlet = &flightOutlet{p, f}
			f.part.begin(f.Records, nil, f.from.Turn)
			w.process(&f.part, 0)
			whole := f.part.whole
			f.Records, f.last = f.part.records, f.last && whole
			f.seen = max(f.seen, f.part.seen)
			p.handled <- f
			if !whole {
				p.dropped.Store(true)
				return
			}
		}
	})
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
