package engine

import (
	"hash/maphash"
	"sync/atomic"
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
	queues  []chan *part
	byKey   bool
	seed    maphash.Seed
}

func newCrew(workers []*worker, by string) *crew {
	for _, w := range workers {
		w.nameCalls()
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
		queue := make(chan *part, flights)
		c.queues = append(c.queues, queue)
		go func() {
			for p := range queue {
				w.process(p)
				p.job.finish()
			}
		}()
	}
}

// dismiss ends the workers once they have done their work.
func (c *crew) dismiss() {
	for _, q := range c.queues {
		close(q)
	}
}

// job is records that a crew shares out.
type job struct {
	parts    []part
	owner    []int32 // of each record: the number of its part
	left     atomic.Int32
	finished chan struct{}
	passed   int // how many records have been handed on

	records []pipeline.Record // what became of them, if that is not one for each
	further []bool
}

// share shares records out.
func (c *crew) share(j *job, records []pipeline.Record) {
	if j.parts == nil {
		j.parts, j.finished = make([]part, len(c.workers)), make(chan struct{}, 1)
		for i := range j.parts {
			j.parts[i].job, j.parts[i].encoded = j, []byte{}
		}
	}
	j.owner, j.passed = j.owner[:0], 0
	for i := range j.parts {
		p := &j.parts[i]
		p.given, p.places, p.next, p.further = p.given[:0], p.places[:0], 0, nil
		p.handled.Store(0)
	}
	for i := range records {
		k := c.pick(&records[i])
		p := &j.parts[k]
		p.given, p.places = append(p.given, records[i]), append(p.places, i)
		j.owner = append(j.owner, int32(k))
	}
	j.left.Store(int32(len(j.parts)))
	for i := range j.parts {
		p := &j.parts[i]
		p.records, p.whole = p.given, true
		if len(p.given) == 0 {
			j.finish()
			continue
		}
		c.queues[i] <- p
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

// finish notes that a part is done.
func (j *job) finish() {
	if j.left.Add(-1) == 0 {
		j.finished <- struct{}{}
	}
}

// merge puts the records of a job that is done back into their order. If some
// were not processed, it ends before the first of them and reports false.
func (j *job) merge(records []pipeline.Record) (merged []pipeline.Record, further []bool, whole bool) {
	end, fanned := len(records), false
	for i := range j.parts {
		p := &j.parts[i]
		if done := p.inputs(); done < len(p.places) {
			end = min(end, p.places[done])
		}
		fanned = fanned || p.further != nil
	}
	if !fanned {
		j.takeBack(records, end)
		return records[:end], nil, end == len(records)
	}
	j.records, j.further = j.records[:0], j.further[:0]
	for _, k := range j.owner[:end] {
		p := &j.parts[k]
		for first := true; p.next < len(p.records) && (first || p.further != nil && p.further[p.next]); first = false {
			j.records = append(j.records, p.records[p.next])
			j.further = append(j.further, !first)
			p.next++
		}
	}
	return j.records, j.further, end == len(records)
}

// inputs returns how many of the records that it was given a part covers.
func (p *part) inputs() int {
	if p.further == nil {
		return len(p.records)
	}
	n := 0
	for _, further := range p.further {
		if !further {
			n++
		}
	}
	return n
}

// takeBack puts records, up to below end, where they came from.
func (j *job) takeBack(records []pipeline.Record, end int) {
	for i := j.passed; i < end; i++ {
		p := &j.parts[j.owner[i]]
		records[i] = p.given[p.next]
		p.next++
	}
	j.passed = max(j.passed, end)
}

// ready returns how many records, from the first, are handled, while the job
// goes on.
func (j *job) ready() int {
	end := len(j.owner)
	for i := range j.parts {
		p := &j.parts[i]
		if done := int(p.handled.Load()); done < len(p.places) {
			end = min(end, p.places[done])
		}
	}
	return end
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
				p.processors.share(&b.job, b.Records)
			}
			order <- b
		}
	}()
	whole := true
	for b := range order {
		if b.end {
			p.forward(b)
			continue
		}
		<-b.job.finished
		if !whole {
			continue
		}
		var records []pipeline.Record
		var further []bool
		records, further, whole = b.job.merge(b.Records)
		b.replace(records, further)
		p.conclude(b, whole)
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
			p.handlers.share(&f.job, f.Records)
			order <- f
		}
	}()
	ticker := time.NewTicker(cutAfter)
	defer ticker.Stop()
	whole := true
	for f := range order {
		if !whole {
			<-f.job.finished
			continue
		}
		if whole = p.awaitHandled(f, ticker.C); !whole {
			p.dropped.Store(true)
		}
	}
}

// awaitHandled hands on a flight as far as it is handled, from time to time and
// in the end.
func (p *Pipeline) awaitHandled(f *flight, tick <-chan time.Time) (whole bool) {
	all, sent := f.Records, 0
	for {
		select {
		case <-f.job.finished:
			records, _, whole := f.job.merge(all)
			f.Records, f.last = records[min(sent, len(records)):], f.last && whole
			p.handled <- f
			return whole
		case <-tick:
			end := f.job.ready()
			if end == sent || end == len(all) {
				continue
			}
			select {
			case g := <-p.unused:
				f.job.takeBack(all, end)
				g.Records, g.from, g.last, g.due = all[sent:end:end], f.from, false, f.due
				p.handled <- g
				sent = end
			default:
			}
		}
	}
}
