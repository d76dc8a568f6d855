package engine

import (
	"container/heap"
	"math"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

const (
	// mostHeld bounds the records that are held back. When there are more, the
	// first of them goes early.
	mostHeld = 1 << 16
	// heldBatch is how many records that were held back make a batch: its
	// position is done only when they all are.
	heldBatch = 64
)

// hold holds records back, to sort them or to bring them out of order. They
// are copied out of their batch, and leave in the order of the times at which
// they are to be played.
type hold struct {
	in       pipeline.Batch // what the source fills
	reorder  int64
	disorder *config.Disorder
	chance   chance
	stats    *paceStats

	waiting  heldRecords
	swapping []*heldRecord // records that wait for the one they change places with
	number   uint64
	highest  int64 // event time so far in this round; never: none
	target   int64 // of a seek: what comes before it is left out
	flushing bool

	read []*readOrigin // of what was read and is not yet done, in order
}

// readOrigin is the origin of a record that was read, and how many records of it
// are still held back.
type readOrigin struct {
	pipeline.Origin
	open int
}

// heldRecord is a record that is held back.
type heldRecord struct {
	pipeline.Record
	origin *readOrigin
	at     int64 // when it leaves, in event time as recorded
	number uint64
	moved  bool // it is played then, and not at its event time
	swap   int  // how many records before it changes places

	swapped bool // it has, with one before it
}

func newHold(p *config.Pace, stats *paceStats) *hold {
	h := &hold{reorder: int64(p.Reorder), disorder: p.Disorder, stats: stats}
	if h.disorder == nil {
		h.disorder = &config.Disorder{}
	}
	h.chance.seed = uint64(h.disorder.Seed)
	h.begin(1, never, never)
	return h
}

// begin begins in a round, where so much has been read before. What is held
// back is dropped, and what comes before the target of a seek is left out.
func (h *hold) begin(round config.Loop, highest, target int64) {
	clear(h.waiting)
	h.waiting, h.swapping, h.read = h.waiting[:0], nil, nil
	h.chance.round = uint64(round)
	h.highest, h.target, h.flushing = highest, target, false
}

// add holds a copy of a record back. highest is the latest event time so far,
// and before what it was before the record.
func (h *hold) add(r *pipeline.Record, before, highest int64) {
	h.flushing = false
	o := &readOrigin{Origin: r.Origin}
	h.read = append(h.read, o)
	timed := isTimed(r)
	at := highest
	if timed && h.reorder > 0 {
		at = playback.EventTime(r.Time)
		if before != never { // what comes earlier may have left
			at = max(at, saturated(before, -h.reorder))
		}
	}
	h.highest = highest
	if at < h.target {
		return
	}
	held := &heldRecord{Record: r.Clone(), origin: o, at: at}
	if !timed {
		h.push(held)
		return
	}
	h.disturb(held)
}

// disturb does to a record what chance says.
func (h *hold) disturb(r *heldRecord) {
	d := h.disorder
	n := h.chance.of(&r.Record)
	drop, double, late, delay, jitter, swap := n[0], n[1], n[2], n[3], n[4], n[5]
	h.countDown(r)
	if drop < d.Drop.Fraction {
		h.stats.lost.Add(1)
		return
	}
	if late < d.Late.Fraction {
		r.at = saturated(r.at, int64(d.Late.Delay.Min)+int64(delay*float64(d.Late.Delay.Max-d.Late.Delay.Min)))
		r.moved = true
		h.stats.delayed.Add(1)
	}
	if d.Jitter > 0 {
		r.at = saturated(r.at, int64(jitter*float64(d.Jitter)))
		r.moved = true
	}
	if double < d.Duplicate.Fraction {
		h.stats.doubled.Add(1)
		h.push(&heldRecord{Record: r.Clone(), origin: r.origin, at: r.at, moved: r.moved})
	}
	if swap < d.Swap.Fraction && late >= d.Late.Fraction && !r.swapped {
		r.swap = d.Swap.Distance
		r.number = h.next()
		r.origin.open++
		h.swapping = append(h.swapping, r)
		return
	}
	h.push(r)
}

// countDown lets the records that wait for this one change places with it.
func (h *hold) countDown(r *heldRecord) {
	kept := h.swapping[:0]
	for _, s := range h.swapping {
		if s.swap--; s.swap > 0 {
			kept = append(kept, s)
			continue
		}
		s.at, r.at = r.at, s.at
		s.moved, r.moved, r.swapped = true, true, true
		h.stats.swapped.Add(1)
		h.waitFor(s)
	}
	h.swapping = kept
}

func (h *hold) next() uint64 { h.number++; return h.number }

func (h *hold) push(r *heldRecord) {
	r.origin.open++
	r.number = h.next()
	h.waitFor(r)
}

func (h *hold) waitFor(r *heldRecord) { heap.Push(&h.waiting, r) }

// flush lets everything go that is held back, and reports whether there is
// anything.
func (h *hold) flush() bool {
	for _, s := range h.swapping {
		h.waitFor(s)
	}
	h.swapping = h.swapping[:0]
	h.flushing = len(h.waiting) > 0
	return h.flushing
}

// bound returns the time up to which records may leave: nothing that is read
// later comes before it.
func (h *hold) bound() int64 {
	if h.flushing {
		return math.MaxInt64
	}
	bound := saturated(h.highest, -h.reorder)
	for _, s := range h.swapping {
		bound = min(bound, s.at)
	}
	return bound
}

// emit fills a batch with records that may leave, each placed, and reports
// whether there are any.
func (h *hold) emit(b *batch, place func(*pipeline.Record, int64)) bool {
	if len(h.waiting) == 0 {
		return false
	}
	bound := h.bound()
	for len(h.waiting) > 0 && len(b.Records) < heldBatch && (h.waiting[0].at <= bound || len(h.waiting) > mostHeld) {
		r := heap.Pop(&h.waiting).(*heldRecord)
		r.origin.open--
		at := r.at
		if !r.moved {
			at = playback.EventTime(r.Time)
		}
		place(&r.Record, at)
		b.at = append(b.at, at)
		*b.Add(len(r.Raw)) = r.Record
	}
	if len(b.Records) == 0 {
		return false
	}
	b.held = true
	b.done = h.settled(b.done[:0])
	return true
}

// settled returns the position up to which nothing is held back any more.
func (h *hold) settled(done pipeline.Position) pipeline.Position {
	n := 0
	for ; n < len(h.read) && h.read[n].open == 0; n++ {
		done = done.Advance(h.read[n].Origin)
	}
	h.read = h.read[n:]
	return done
}

// heldRecords is a heap by time and, of one time, by number.
type heldRecords []*heldRecord

func (h heldRecords) Len() int { return len(h) }
func (h heldRecords) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].number < h[j].number
}
func (h heldRecords) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heldRecords) Push(r any)   { *h = append(*h, r.(*heldRecord)) }
func (h *heldRecords) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return r
}
