package kafka

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// flow knows the slabs that are under way and keeps the free ones.
//
// A broker refuses a batch as a whole for one bad message in it, and the client
// then gives up whatever it still had for that partition. Such messages are
// rejected here, and produced again, in smaller and smaller batches until the
// bad one is alone. That waits until nothing else is under way, and new batches
// wait for it; but what was produced before the refusal was seen may stay ahead
// of what was refused. It happens only where the sink couldn't see beforehand
// that the topic won't take a record, see readLimits.
type flow struct {
	mu       sync.Mutex
	free     []*slab
	under    int // those rejected among them
	entered  uint64
	rejected []*slab
	clear    chan struct{} // closed when nothing is rejected any more; nil: nothing is

	all sync.WaitGroup // of those under way
}

// enter returns a free slab, or ctx's error.
func (f *flow) enter(ctx context.Context) (*slab, error) {
	for {
		f.mu.Lock()
		clear := f.clear
		if clear == nil {
			defer f.mu.Unlock()
			return f.take(), nil
		}
		f.mu.Unlock()
		select {
		case <-clear:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *flow) take() *slab {
	f.under++
	f.entered++
	f.all.Add(1)
	if len(f.free) == 0 {
		f.free = append(f.free, newSlab())
	}
	last := len(f.free) - 1
	l := f.free[last]
	f.free = f.free[:last]
	l.order = f.entered
	return l
}

// leave frees a slab.
func (f *flow) leave(l *slab) {
	f.mu.Lock()
	f.free = append(f.free, l)
	f.under--
	f.produceAgain()
	f.mu.Unlock()
	f.all.Done()
}

// standing reports whether something is under way, and how many slabs have left
// so far: if that doesn't change, nothing gets done.
func (f *flow) standing() (underWay bool, left uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.under > 0, f.entered - uint64(f.under)
}

// reject has a slab's rejected messages produced again.
func (f *flow) reject(l *slab) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rejected = append(f.rejected, l)
	if f.clear == nil {
		f.clear = make(chan struct{})
	}
	f.produceAgain()
}

func (f *flow) produceAgain() {
	if len(f.rejected) == 0 || len(f.rejected) < f.under {
		return
	}
	slabs := f.rejected
	f.rejected = nil
	slices.SortFunc(slabs, func(a, b *slab) int { return cmp.Compare(a.order, b.order) })
	go func() {
		for _, l := range slabs {
			l.produceAgain(l.rejected)
		}
		f.mu.Lock()
		close(f.clear)
		f.clear = nil
		f.mu.Unlock()
		for _, l := range slabs {
			l.report()
		}
	}()
}

// wait returns when nothing is under way.
func (f *flow) wait() { f.all.Wait() }
