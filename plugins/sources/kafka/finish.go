package kafka

import (
	"context"
	"sync"
)

// finish knows when all has been read that was there at the start, of the
// partitions that are read here.
type finish struct {
	ends  map[partition]int64
	ended context.Context // done when all has been read
	stop  context.CancelFunc

	mu    sync.Mutex
	parts map[partition]*extent
	left  int // how many of them are not yet read to their end
}

// extent is what there is to read of a partition, and the next of it.
type extent struct{ start, next, end int64 }

func newFinish(ends map[partition]int64) *finish {
	f := &finish{ends: ends, parts: map[partition]*extent{}}
	f.ended, f.stop = context.WithCancel(context.Background())
	return f
}

func (f *finish) reached() bool { return f.ended.Err() != nil }

// end returns the offset that is not read any more.
func (f *finish) end(p partition) int64 { return f.ends[p] }

// assign adds a partition that is read from next on.
func (f *finish) assign(p partition, next int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := &extent{next, next, f.ends[p]}
	f.parts[p] = e
	if e.next < e.end {
		f.left++
	}
}

// revoke takes a partition away.
func (f *finish) revoke(p partition) {
	f.mu.Lock()
	if e := f.parts[p]; e != nil && e.next < e.end {
		f.left--
	}
	delete(f.parts, p)
	f.mu.Unlock()
	f.check()
}

// read notes that p is read up to next.
func (f *finish) read(p partition, next int64) {
	f.mu.Lock()
	e := f.parts[p]
	if e != nil && e.next < e.end && next >= e.end {
		f.left--
	}
	if e != nil {
		e.next = max(e.next, next)
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
