package engine

import (
	"hash/maphash"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// crew is the workers of a stage. If there are several, each has a goroutine
// and a queue, and the records of one partition or key are always the same
// one's. What a batch becomes is put together in the order in which it was
// read; no worker waits for another one before it goes on to the next batch.
type crew struct {
	workers []*worker
	queues  []chan *task
	byKey   bool
	seed    maphash.Seed
}

func newCrew(workers []*worker, by string) *crew {
	for _, w := range workers {
		w.prepare()
	}
	return &crew{workers: workers, byKey: by == config.ByKey, seed: maphash.MakeSeed()}
}

// alone returns the worker of a crew of one, otherwise nil.
func (c *crew) alone() *worker {
	if len(c.workers) > 1 {
		return nil
	}
	return c.workers[0]
}

// start has the workers wait for work, until dismiss.
func (c *crew) start() {
	for _, w := range c.workers {
		queue := make(chan *task, flights)
		c.queues = append(c.queues, queue)
		go func() {
			defer func() { // if a call has ended the goroutine
				for t := range queue {
					t.job.finish()
				}
			}()
			for t := range queue {
				w.do(t)
			}
		}()
	}
}

func (w *worker) do(t *task) {
	defer t.job.finish()
	w.outlet = t
	w.guard(func() { w.process(&t.part, 0) })
}

// dismiss ends the workers once they have done their work.
func (c *crew) dismiss() {
	for _, q := range c.queues {
		close(q)
	}
}

// pick returns the number of a record's worker. Records without a key keep
// their order within a partition.
func (c *crew) pick(r *pipeline.Record) int {
	var h uint64
	if c.byKey && r.Key != nil {
		h = maphash.Bytes(c.seed, r.Key)
	} else {
		h = maphash.String(c.seed, r.Origin.Source) + uint64(r.Origin.Partition)*0x9e3779b97f4a7c15
	}
	return int((h ^ h>>32) % uint64(len(c.workers)))
}

// processAbreast is the process stage with several workers.
func (p *Pipeline) processAbreast() {
	order := make(chan *batch, batches)
	p.processors.start()
	go func() {
		defer close(order)
		defer p.processors.dismiss()
		for b := range p.current {
			if p.keepsOriginals() {
				b.originals.keep(b.Records)
			}
			if !b.end {
				p.processors.share(&b.job, b.Records, b.Turn)
			}
			order <- b
		}
	}()
	ticker := time.NewTicker(handOn)
	defer ticker.Stop()
	whole := true
	for b := range order {
		if b.end {
			p.forward(b)
			continue
		}
		if !whole {
			<-b.job.finished
			continue
		}
		b.job.await(ticker.C, func() { p.leaveBatch(b) })
		o := b.job.take(b.Records, &b.part, true)
		whole = b.job.whole()
		b.replace(o)
		p.conclude(b, whole)
	}
}

// leaveBatch hands on what is through of a batch.
func (p *Pipeline) leaveBatch(b *batch) {
	select {
	case piece := <-p.batchPieces:
		if o := b.job.take(b.Records, &piece.part, false); len(o.records) > 0 {
			b.leave(piece, o)
			p.forward(piece)
		} else {
			p.batchPieces <- piece
		}
	default:
	}
}

// handleAbreast is the handle stage with several workers.
func (p *Pipeline) handleAbreast() {
	order := make(chan *flight, flights)
	p.handlers.start()
	go func() {
		defer close(order)
		defer p.handlers.dismiss()
		for f := range p.released {
			if p.stopping.Load() {
				p.dropped.Store(true)
				return
			}
			p.handlers.share(&f.job, f.Records, f.from.Turn)
			order <- f
		}
	}()
	ticker := time.NewTicker(handOn)
	defer ticker.Stop()
	whole := true
	for f := range order {
		if !whole {
			<-f.job.finished
			continue
		}
		all := f.Records
		f.job.await(ticker.C, func() { p.leaveFlight(f, all) })
		f.Records = f.job.take(all, &f.part, true).records
		if whole = f.job.whole(); !whole {
			f.last = false
			p.dropped.Store(true)
		}
		p.handled <- f
	}
}

// leaveFlight hands on what is handled of a flight's records.
func (p *Pipeline) leaveFlight(f *flight, all []pipeline.Record) {
	select {
	case piece := <-p.flightPieces:
		if o := f.job.take(all, &piece.part, false); len(o.records) > 0 {
			f.leave(piece, o.records)
			p.handled <- piece
		} else {
			p.flightPieces <- piece
		}
	default:
	}
}
