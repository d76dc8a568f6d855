package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// lastLeave is how long calls may take to return once all is given up. A call that
// takes longer is left alone, as nothing can end it.
const lastLeave = time.Second

var errLeft = errors.New("does not return, and Go code can't be stopped; it is left alone")

// call is a call of a step under way.
type call struct {
	what  string    // the stage and the plugin
	at    string    // the record, where one is known
	until time.Time // when it is no longer waited for; zero: no time is set
}

func (c *call) String() string {
	if c.at == "" {
		return c.what
	}
	return c.at + ": " + c.what
}

// nameCalls names the calls of the chain's steps. For transforms that follow
// each other it is one name, as nothing is noted for each of their calls.
func (w *worker) nameCalls() {
	for i := range w.chain {
		s := &w.chain[i]
		s.running.what = s.stage() + " " + s.name
		for j := i + 1; s.handler == nil && j < len(w.chain) && w.chain[j].handler == nil; j++ {
			s.running.what += " or " + w.chain[j].name
		}
	}
}

// limit returns the context of a call that has a timeout, and the function that
// ends it.
func (w *worker) limit(ctx context.Context, s *step, r *pipeline.Record) (context.Context, func()) {
	timeout := w.plan.Errors.Timeout
	w.call.Store(&call{s.stage() + " " + s.name, r.Origin.String(), time.Now().Add(timeout + w.opts.Grace)})
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, func() {
		cancel()
		w.call.Store(&s.running)
	}
}

// timedOut says that an error is due to the timeout, if it is.
func (w *worker) timedOut(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("takes longer than the timeout of %v: %w", w.plan.Errors.Timeout, err)
	}
	return err
}

// applyOnce calls a transform.
func (w *worker) applyOnce(s *step, r *pipeline.Record) error {
	if w.plan.Errors.Timeout == 0 {
		return s.transform.Apply(w.reading, r)
	}
	ctx, end := w.limit(w.reading, s, r)
	defer end()
	return w.timedOut(ctx, s.transform.Apply(ctx, r))
}

// handleOnce calls a handler of single records.
func (w *worker) handleOnce(s *step, r *pipeline.Record) error {
	if w.plan.Errors.Timeout == 0 {
		return s.single.HandleRecord(w.writing, r, &w.results)
	}
	ctx, end := w.limit(w.writing, s, r)
	defer end()
	return w.timedOut(ctx, s.single.HandleRecord(ctx, r, &w.results))
}

// handleAll calls a handler of batches.
func (w *worker) handleAll(s *step, b *pipeline.Batch, out *pipeline.Results) error {
	if w.plan.Errors.Timeout == 0 {
		return s.handler.Handle(w.writing, b, out)
	}
	ctx, end := w.limit(w.writing, s, &b.Records[0])
	defer end()
	return w.timedOut(ctx, s.handler.Handle(ctx, b, out))
}

// Underway tells which transforms or handlers are at work, and at how many
// records: those that a stop has to wait for; or else what is being opened. It
// may be called at any time.
func (p *Pipeline) Underway() (what []string, records int64) {
	if p.stats.began.Load() == nil {
		if opening := p.opening.Load(); opening != nil {
			what = append(what, *opening)
		}
		return what, 0
	}
	for w := range p.workers {
		if call := w.call.Load(); call != nil {
			what = append(what, call.what)
			records += max(1, w.batched.Load())
		}
	}
	slices.Sort(what)
	return slices.Compact(what), records
}

// workers yields those of all stages.
func (p *Pipeline) workers(yield func(*worker) bool) {
	for _, c := range []*crew{p.processors, p.handlers} {
		if c == nil {
			continue
		}
		for _, w := range c.workers {
			if !yield(w) {
				return
			}
		}
	}
}

// vigil waits for the end of the stages, or for a call that doesn't return.
func (p *Pipeline) vigil(ended <-chan struct{}) {
	var tick, left <-chan time.Time
	if timeout := p.plan.Errors.Timeout; timeout > 0 {
		ticker := time.NewTicker(max(timeout/4, time.Millisecond))
		defer ticker.Stop()
		tick = ticker.C
	}
	givenUp := p.writing.Done()
	for {
		select {
		case <-ended:
			return
		case <-givenUp:
			givenUp = nil
			timer := time.NewTimer(lastLeave)
			defer timer.Stop()
			left = timer.C
		case <-tick:
			now := time.Now()
			if p.leaveCalls(func(c *call) bool { return !c.until.IsZero() && now.After(c.until) }) {
				return
			}
		case <-left:
			if p.leaveCalls(func(*call) bool { return true }) {
				return
			}
		}
	}
}

// leaveCalls leaves the calls that are not waited for any more, and reports
// whether there are any. The pipeline then fails.
func (p *Pipeline) leaveCalls(late func(*call) bool) bool {
	var err error
	for w := range p.workers {
		if call := w.call.Load(); call != nil && late(call) {
			w.stuck.Store(true)
			err = errors.Join(err, fmt.Errorf("%v %w (the handler exec runs code that can be stopped)", call, errLeft))
		}
	}
	if err == nil {
		return false
	}
	p.stuckErr = err
	close(p.stuck)
	return true
}

// leaveRest waits a moment for the other workers' calls once one has been left,
// and leaves those too that don't return. No further ones begin.
func (p *Pipeline) leaveRest() {
	tick := time.NewTicker(lastLeave / 100)
	defer tick.Stop()
	for range 100 {
		if !p.isAtWork() {
			return
		}
		<-tick.C
	}
	for w := range p.workers {
		if w.call.Load() != nil {
			w.stuck.Store(true)
		}
	}
}

// isAtWork reports whether a worker that was not left calls something.
func (p *Pipeline) isAtWork() bool {
	for w := range p.workers {
		if w.call.Load() != nil && !w.stuck.Load() {
			return true
		}
	}
	return false
}

var errExit = errors.New("a call has ended its goroutine, as runtime.Goexit does, and a test's FailNow")

// guard does a worker's work. Should a call end the goroutine, the pipeline fails:
// what comes before is still written.
func (w *worker) guard(work func()) {
	returned := false
	defer func() {
		if returned {
			return
		}
		err := errExit
		if call := w.call.Load(); call != nil {
			err = fmt.Errorf("%v: %w", call, errExit)
		}
		w.exit.CompareAndSwap(nil, &err)
		w.stopReading()
	}()
	work()
	returned = true
}
