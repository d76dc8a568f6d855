package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
)

// filtered marks a record that a transform has taken out of the pipeline.
var filtered = &pipeline.Failure{Err: pipeline.ErrFiltered}

// worker takes records through the codecs and the chain of transforms and
// handlers, all of which are its own.
type worker struct {
	*Pipeline
	decode, encode pipeline.Codec
	chain          []step
	legs           []leg // of the chain
	last           bool  // its handler ends the pipeline
	outlet         outlet

	given   given            // what a handler is given
	results pipeline.Results // of it
	one     pipeline.Batch   // a record that is given alone
	ofOne   pipeline.Results

	timer *time.Timer // ends the time of a step
	due   atomic.Bool // it has

	waits   int                  // long ones that were logged
	call    atomic.Pointer[call] // under way; nil: none
	batched atomic.Int64         // records, of a batch that a handler is called with
	stuck   atomic.Bool          // it has been left
}

// step is a transform of the chain, or a handler.
type step struct {
	name      string
	transform pipeline.Transform
	handler   pipeline.Handler       // nil: it is a transform
	single    pipeline.RecordHandler // the handler, if it handles single records
	most      most                   // if it handles batches
	first     bool                   // it is the pipeline's first handler
	running   call                   // of it
}

// openWorkers opens what the stages work with. It returns what has to be
// closed, also when it fails.
func (p *Pipeline) openWorkers(ctx context.Context, env func(kind, plugin string) pipeline.Env) (closers []closer, err error) {
	var processors, handlers []*worker
	for range max(p.plan.Workers.Count, 1) {
		w := &worker{Pipeline: p}
		processors = append(processors, w)
		if pace := p.plan.Pace; pace != nil && pace.Rewrite.Column != "" {
			rewriter, err := newRewriter(pace.Rewrite, p.plan.Source.Options)
			if err != nil {
				return closers, fmt.Errorf("pace: rewrite: %w", err)
			}
			w.chain = append(w.chain, newStep("pace.rewrite", rewriter))
		}
		for _, t := range p.plan.Transforms {
			kind := cmp.Or(t.Kind, "transform") // or a handler
			opened, err := t.Open(ctx, env(kind, t.Name))
			if err != nil {
				return closers, fmt.Errorf("%s %s: %w", kind, t.Name, err)
			}
			closers = append(closers, closer{opened, kind + " " + t.Name, w})
			w.chain = append(w.chain, newStep(t.Name, opened))
		}
		first := firstHandler(w.chain)
		if err := w.openCodecs(ctx, env); err != nil {
			return closers, err
		}
		if h := p.plan.Handler; h != nil {
			opened, err := h.Open(ctx, env("handler", h.Name))
			if err != nil {
				return closers, fmt.Errorf("handler %s: %w", h.Name, err)
			}
			w := &worker{Pipeline: p, last: true, chain: []step{newStep(h.Name, pipeline.HandlerTransform{Handler: opened})}}
			if first == nil {
				first = firstHandler(w.chain)
			}
			handlers = append(handlers, w)
			closers = append(closers, closer{opened, "handler " + h.Name, w})
		}
		if first != nil {
			first.first = true
			p.handles = true
		}
	}
	p.processors = newCrew(processors, p.plan.Workers.By)
	if handlers != nil {
		p.handlers = newCrew(handlers, p.plan.Workers.By)
	}
	return closers, nil
}

func firstHandler(chain []step) *step {
	i := slices.IndexFunc(chain, func(s step) bool { return s.handler != nil })
	if i < 0 {
		return nil
	}
	return &chain[i]
}

func newStep(name string, t pipeline.Transform) step {
	s := step{name: name, transform: t}
	if h, ok := t.(pipeline.HandlerTransform); ok {
		s.handler = h.Handler
		s.single, _ = h.Handler.(pipeline.RecordHandler)
	}
	return s
}

func (s *step) stage() string {
	if s.handler != nil {
		return pipeline.StageHandler
	}
	return pipeline.StageTransform
}

func (w *worker) openCodecs(ctx context.Context, env func(kind, plugin string) pipeline.Env) (err error) {
	open := func(c *pipeline.Bound[pipeline.Codec]) (codec pipeline.Codec) {
		if c == nil || err != nil {
			return nil
		}
		if codec, err = c.Open(ctx, env("codec", c.Name)); err != nil {
			err = fmt.Errorf("codec %s: %w", c.Name, err)
		}
		return codec
	}
	w.decode, w.encode = open(w.plan.Decode), open(w.plan.Encode)
	return err
}

// idle reports whether there is nothing to do.
func (w *worker) idle() bool {
	return w.decode == nil && w.encode == nil && len(w.chain) == 0 && !w.plan.PassThrough
}

// leg is a stretch of the chain: transforms that follow each other, which take a
// record after the other, or a handler.
type leg struct {
	steps            []step
	decodes, encodes bool
}

func (l *leg) handles() bool { return len(l.steps) > 0 && l.steps[0].handler != nil }

// prepare prepares a worker that has all its plugins.
func (w *worker) prepare() {
	for from := 0; ; {
		to := from
		for to < len(w.chain) && w.chain[to].handler == nil {
			to++
		}
		l := leg{w.chain[from:to], from == 0 && w.decode != nil, to == len(w.chain) && (w.encode != nil || w.plan.PassThrough)}
		if len(l.steps) > 0 || l.decodes || l.encodes {
			w.legs = append(w.legs, l)
		}
		if to == len(w.chain) {
			break
		}
		w.legs = append(w.legs, leg{steps: w.chain[to : to+1]})
		from = to + 1
	}
	w.nameCalls()
	w.timer = time.AfterFunc(handOn, func() { w.due.Store(true) })
	w.timer.Stop()
}

// process takes a part through the legs from the k-th on. Once the pipeline
// stops, the part ends before the first record that is not through, at the step
// that comes to it first.
func (w *worker) process(p *part, k int) {
	if k == len(w.legs) {
		w.outlet.handOn(p)
		return
	}
	for {
		piece := w.work(&w.legs[k], p)
		w.process(piece, k+1)
		switch {
		case piece == p:
			return
		case !piece.whole:
			p.end(0)
			return
		}
	}
}

// run takes a part's records, one by one, through a leg of transforms.
type run struct {
	*worker
	*leg
	part *part
}

// all returns how many of the records it has come to in its time.
func (u *run) all() (n int) {
	if len(u.steps) > 0 {
		u.call.Store(&u.steps[0].running)
	}
	for n < len(u.part.records) && !u.isDue(u.part, n) {
		n = u.from(n)
	}
	u.call.Store(nil)
	return n
}

// from goes on at the i-th record, up to the end, until the time is up, or to a
// record at which something panics, and returns the number of the next.
func (u *run) from(i int) (next int) {
	step := -1
	defer func() {
		if v := recover(); v != nil {
			r := &u.part.records[i]
			r.Failure = u.panicked(r, v, u.stageOf(step), u.pluginOf(step))
			next = i + 1
		}
	}()
	for ; i < len(u.part.records) && !u.isDue(u.part, i); i++ {
		r := &u.part.records[i]
		if r.Failure != nil {
			continue
		}
		step = -1
		if u.decodes {
			u.decodeRecord(r)
		}
		for step = 0; step < len(u.steps) && r.Failure == nil; step++ {
			if u.part.whole && u.stopping.Load() || !u.apply(&u.steps[step], r) {
				u.part.cut(i)
				return len(u.part.records)
			}
		}
		if u.encodes && r.Failure == nil {
			u.encodeRecord(u.part, r)
		}
	}
	return i
}

func (u *run) stageOf(step int) string {
	switch step {
	case -1:
		return pipeline.StageDecode
	case len(u.steps):
		return pipeline.StageEncode
	}
	return pipeline.StageTransform
}

func (u *run) pluginOf(step int) string {
	switch step {
	case -1:
		return u.plan.Decode.Name
	case len(u.steps):
		return u.plan.Encode.Name
	}
	return u.steps[step].name
}

func (w *worker) decodeRecord(r *pipeline.Record) {
	switch {
	case w.decode == nil:
	case r.Raw == nil:
		r.Value = pipeline.Null()
	default:
		if err := w.decode.Decode(r.Raw, &r.Value); err != nil {
			r.Failure = &pipeline.Failure{Err: err, Stage: pipeline.StageDecode, Plugin: w.plan.Decode.Name, Attempts: 1}
		}
	}
}

func (w *worker) encodeRecord(p *part, r *pipeline.Record) {
	switch {
	case w.plan.PassThrough:
		r.Encoded = r.Raw
	case w.encode == nil || r.Raw == nil && r.Value.IsNull(): // the latter stays a null value
	default:
		at := len(p.encoded)
		buf, err := w.encode.Encode(p.encoded, r.Value)
		if err != nil {
			r.Failure = &pipeline.Failure{Err: err, Stage: pipeline.StageEncode, Plugin: w.plan.Encode.Name, Attempts: 1}
			return
		}
		p.encoded, r.Encoded = buf, buf[at:len(buf):len(buf)]
	}
}

// apply applies one transform, again and again while its error may pass. It
// reports false if it was stopped before it had a result.
func (w *worker) apply(s *step, r *pipeline.Record) bool {
	var wait *backoff.ExponentialBackOff
	for attempts := 1; ; attempts++ {
		err := verdict(r, w.applyOnce(s, r))
		switch {
		case err == nil:
			return true
		case w.failed(r, s, err, attempts):
			return true
		case wait == nil:
			wait = newBackoff(w.plan.Errors)
		}
		if !w.backOff(wait, s, r, err, attempts) {
			return false
		}
	}
}

// verdict returns a plugin's error of a record, which it may also have marked.
func verdict(r *pipeline.Record, err error) error {
	if f := r.Failure; f != nil {
		r.Failure = nil
		if err == nil {
			err = f.Err
		}
	}
	return err
}

// longBackOff is how long a wait before a further try is that is logged.
const longBackOff = time.Second

// backOff waits before a further try, and reports false if it is stopped.
func (w *worker) backOff(wait *backoff.ExponentialBackOff, s *step, r *pipeline.Record, err error, attempts int) bool {
	d := wait.NextBackOff()
	if d >= longBackOff && w.waits < loggedFailures {
		w.waits++
		w.log.Warn("a record failed; trying again", "at", r.Origin.String(), "stage", s.stage(), "plugin", s.name, "error", err,
			"retry", attempts, "of", w.plan.Errors.Retries, "in", d.Round(time.Millisecond))
	}
	return sleep(w.reading, d)
}

// failed notes what an error means for a record, and reports false if it may
// pass, so that the step is to be tried again.
func (w *worker) failed(r *pipeline.Record, s *step, err error, attempts int) bool {
	switch {
	case errors.Is(err, pipeline.ErrFiltered):
		r.Failure = filtered
	case pipeline.IsPermanent(err) || attempts > w.plan.Errors.Retries:
		r.Failure = &pipeline.Failure{Err: err, Stage: s.stage(), Plugin: s.name, Attempts: attempts}
		if p, ok := errors.AsType[*pipeline.PanicError](err); ok {
			w.tellPanic(r, p, s.stage(), s.name)
		}
	default:
		return false
	}
	return true
}
