package kafka

import (
	"context"
	"math"
	"sync"
)

// finish knows when all has been read up to where partitions end, of the
// partitions that are read here.
type finish struct {
	ended context.Context // done when all has been read
	stop  context.CancelFunc

	mu    sync.Mutex
	ends  map[partition]int64 // nil: of a time to come
	parts map[partition]*extent
	left  int // how many of them are not yet read to their end
}

// extent is what there is to read of a partition, and the next of it.
type extent struct{ start, next, end int64 }

func (e *extent) open() bool { return e.next < e.end }

// never is the end of a partition that has none yet.
const never = math.MaxInt64

func newFinish(ends map[partition]int64) *finish {
	f := &finish{ends: ends, parts: map[partition]*extent{}}
	f.ended, f.stop = context.WithCancel(context.Background())
	return f
}

func (f *finish) reached() bool { return f.ended.Err() != nil }

// end returns the offset that is not read any more. Partitions that are
// younger than the ends have nothing to read.
func (f *finish) end(p partition) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := f.parts[p]; e != nil {
		return e.end
	}
	return f.endOf(p)
}

func (f *finish) endOf(p partition) int64 {
	if f.ends == nil {
		return never
	}
	return f.ends[p]
}

// assign adds a partition that is read from next on.
func (f *finish) assign(p partition, next int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := &extent{next, next, f.endOf(p)}
	f.parts[p] = e
	if e.open() {
		f.left++
	}
}

// come adds a partition that has come, unless it is known, whose first message
// is at next.
func (f *finish) come(p partition, next int64) {
	f.mu.Lock()
	known := f.parts[p] != nil
	f.mu.Unlock()
	if !known {
		f.assign(p, next)
	}
}

// revoke takes a partition away.
func (f *finish) revoke(p partition) {
	f.mu.Lock()
	if e := f.parts[p]; e != nil && e.open() {
		f.left--
	}
	delete(f.parts, p)
	f.mu.Unlock()
	f.check()
}

// read notes that p is read up to next.
func (f *finish) read(p partition, next int64) {
	f.change(p, func(e *extent) { e.next = max(e.next, next) })
}

// cut ends p at an offset, unless it ends before.
func (f *finish) cut(p partition, end int64) {
	f.change(p, func(e *extent) { e.end = min(e.end, end) })
}

// cutTopic ends the partitions of a topic where they are.
func (f *finish) cutTopic(topic string) {
	f.mu.Lock()
	var ps []partition
	for p := range f.parts {
		if p.topic == topic {
			ps = append(ps, p)
		}
	}
	f.mu.Unlock()
	for _, p := range ps {
		f.cut(p, 0)
	}
}

// arm sets where partitions end whose end was not known. Without a group those
// that have come and of which nothing was read are this reader's, too.
func (f *finish) arm(ends map[partition]int64, alone bool) {
	f.mu.Lock()
	f.ends = ends
	for p, end := range ends {
		if alone && f.parts[p] == nil {
			f.parts[p] = &extent{end: end}
		}
	}
	f.left = 0
	for p, e := range f.parts {
		if e.end = min(e.end, ends[p]); e.open() {
			f.left++
		}
	}
	f.mu.Unlock()
	f.check()
}

func (f *finish) change(p partition, by func(*extent)) {
	f.mu.Lock()
	if e := f.parts[p]; e != nil {
		before := e.open()
		if by(e); before && !e.open() {
			f.left--
		}
	}
	f.mu.Unlock()
	f.check()
}

// check ends the reading if there is nothing left.
func (f *finish) check() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 && len(f.parts) > 0 {
		f.stop()
	}
}

// isOpen reports whether p is not yet read to its end.
func (f *finish) isOpen(p partition) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.parts[p]
	return e != nil && e.open()
}

// open returns the partitions that are not yet read to their end.
func (f *finish) open() map[partition]extent {
	f.mu.Lock()
	defer f.mu.Unlock()
	open := map[partition]extent{}
	for p, e := range f.parts {
		if e.open() && e.end < never {
			open[p] = *e
		}
	}
	return open
}

// progress returns the share of all that has been read, where p is at next.
func (f *finish) progress(p partition, next int64) (float64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var done, all int64
	for q, e := range f.parts {
		at := e.next
		if q == p {
			at = next
		}
		if e.end == never {
			return 0, false
		}
		if e.end > e.start {
			all += e.end - e.start
			done += min(max(at, e.start), e.end) - e.start
		}
	}
	if all == 0 {
		return 0, false
	}
	return float64(done) / float64(all), true
}
