package engine

import (
	"context"
	"sync"
	"sync/atomic"
)

// acts is how who steers a replay hears that its stages have acted on it. The
// stages tell once a wake or a flight, and for an atomic load if nobody waits.
type acts struct {
	waiting atomic.Int32
	version atomic.Uint64 // of the clock's state on which the release stage has acted
	idle    atomic.Bool   // the release stage does not run, or waits for other stages
	found   atomic.Uint64 // the epoch of the records that it has then
	over    atomic.Bool   // the run has ended

	mu      sync.Mutex
	changed chan struct{} // closed when one of them has changed
}

func (a *acts) init() {
	a.changed = make(chan struct{})
	a.idle.Store(true)
}

// tell wakes who waits.
func (a *acts) tell() {
	if a.waiting.Load() == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.changed)
	a.changed = make(chan struct{})
}

// rests says whether the release stage waits for other stages.
func (a *acts) rests(idle bool) {
	a.idle.Store(idle)
	a.tell()
}

// await waits until a condition holds, the run has ended or ctx is done.
func (a *acts) await(ctx context.Context, holds func() bool) {
	for {
		a.mu.Lock()
		changed := a.changed
		a.mu.Unlock()
		if a.over.Load() || holds() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// Acted waits until the pipeline has done what it was asked for before: until a
// seek has found its place, and what was to leave has left and is settled, or
// can't since there is nothing to read. It gives up when ctx is done.
func (p *Pipeline) Acted(ctx context.Context) {
	if p.clock == nil {
		return
	}
	a := &p.acts
	a.waiting.Add(1)
	defer a.waiting.Add(-1)
	asked := p.clock.State().Version
	a.await(ctx, func() bool {
		if a.found.Load() != p.seeks.epoch.Load() || p.clock.State().Steps > 0 {
			return false
		}
		return a.idle.Load() || a.version.Load() >= asked
	})
	leaving := p.leaving.Load()
	a.await(ctx, func() bool { return p.stats.read.Load()+p.stats.added.Load() >= leaving })
}
