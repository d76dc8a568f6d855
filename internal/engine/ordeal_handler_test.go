package engine

import (
	"context"
	"errors"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// Where an ordeal has a handler.
const (
	nowhere  = ""
	inChain  = "in the chain"
	atTheEnd = "at the end"
)

const (
	handleBad   trouble = "a record can't be handled"
	handleBusy  trouble = "a record can't be handled yet"
	handlePanic trouble = "the handler panics"
	handleAll   trouble = "the handler fails as a whole"
	handleSlow  trouble = "the handler is slow"
)

// sibling tells the results of one record apart.
const sibling = 1_000_000

func (o *ordeal) drawHandler(t *rapid.T) {
	o.handler = rapid.SampledFrom([]string{nowhere, inChain, inChain, atTheEnd}).Draw(t, "handler")
	o.single = rapid.Bool().Draw(t, "single")
	o.again = rapid.Bool().Draw(t, "two handlers")
	for _, kind := range []trouble{handleBad, handleBusy, handlePanic, handleAll, handleSlow} {
		o.odds[kind] = rapid.SampledFrom([]uint64{0, 0, 20, 300}).Draw(t, string(kind))
	}
	if o.handler == nowhere {
		for _, kind := range []trouble{handleBad, handleBusy, handlePanic, handleAll, handleSlow} {
			o.odds[kind] = 0
		}
	}
}

func (o *ordeal) bindHandler() {
	open := func(context.Context, pipeline.Env) (pipeline.Handler, error) {
		if o.single {
			return pipeline.HandlerFunc(o.handleOne), nil
		}
		return ordealHandler{o}, nil
	}
	switch o.handler {
	case inChain:
		o.plan.Transforms = append(o.plan.Transforms, pipeline.NewBound("handler", nil, func(ctx context.Context, env pipeline.Env) (pipeline.Transform, error) {
			h, err := open(ctx, env)
			return pipeline.HandlerTransform{Handler: h}, err
		}))
		if o.again { // one that lets everything go on
			o.plan.Transforms = append(o.plan.Transforms, pipeline.NewBound("keep", nil, func(context.Context, pipeline.Env) (pipeline.Transform, error) {
				return pipeline.HandlerTransform{Handler: keepAll{}}, nil
			}))
		}
	case atTheEnd:
		o.plan.Handler = pipeline.NewBound("handler", nil, open)
		o.plan.Sink = pipeline.NewBound("handler", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
			return pipeline.Synchronous(storer(func(*pipeline.Batch) error { return nil })), nil
		})
	}
}

// fan is how many results the handler has of record n.
func (o *ordeal) fan(n int64) int64 {
	if o.handler != inChain {
		return 1
	}
	return []int64{0, 1, 1, 3}[o.chance("fan", n)%4]
}

// which is the number by which a result is told from its siblings.
func which(r *pipeline.Record) int64 {
	n := number(r)
	if k, ok := r.Lookup("k"); ok {
		n += k.Int() * sibling
	}
	return n
}

// handleOne is the handler of single records.
func (o *ordeal) handleOne(ctx context.Context, r *pipeline.Record, out *pipeline.Results) error {
	n := number(r)
	if o.handler == inChain && n%2 == 0 {
		out.Add() // dropped if it fails
	}
	switch {
	case r.Failure != nil:
		o.problem("record %d comes to the handler, and has failed: %v", n, r.Failure.Err)
	case o.comes(handleSlow, n) && !sleep(ctx, 1e7):
		return ctx.Err()
	case o.comes(handleBad, n):
		return errBad
	case o.comes(handlePanic, n):
		panic("ordeal")
	case o.stays(handleBusy, n):
		return errBusy
	}
	if o.handler == inChain {
		out.Drop(indexOf(out, r))
		o.addResults(r, out)
		return nil
	}
	o.noteHandled(r)
	return nil
}

// indexOf finds a record's number by adding a result of it.
func indexOf(out *pipeline.Results, r *pipeline.Record) (i int) {
	out.Keep()
	for from, result := range out.All() {
		if result == r {
			i = from
		}
	}
	return i
}

func (o *ordeal) addResults(r *pipeline.Record, out *pipeline.Results) {
	for k := range o.fan(number(r)) {
		if k == 0 {
			out.Keep()
			continue
		}
		c := out.Add()
		c.Value = r.Value.Clone()
		c.Set("k", pipeline.Int(k))
	}
}

func (o *ordeal) noteHandled(r *pipeline.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stored[number(r)]++
	if o.single && (o.plan.Workers.Count == 1 || o.plan.Workers.By == config.ByPartition && number(r)%o.partitions == 0) {
		o.given = append(o.given, number(r))
	}
}

// ordealHandler is a handler of batches.
type ordealHandler struct{ *ordeal }

func (h ordealHandler) Handle(ctx context.Context, b *pipeline.Batch, out *pipeline.Results) error {
	first := number(&b.Records[0])
	if h.comes(handleSlow, first) && !sleep(ctx, 1e7) {
		return ctx.Err()
	}
	if len(b.Records) > 1 && h.comes(handleAll, first) {
		b.Records[len(b.Records)-1].Fail(errBad) // void: it is the batch that fails
		out.Add()
		return errors.New("the batch fails")
	}
	for i := range b.Records {
		if h.comes(handlePanic, number(&b.Records[i])) {
			panic("ordeal")
		}
	}
	for i := len(b.Records) - 1; i >= 0; i-- { // results may be added in any order
		r := &b.Records[i]
		out.For(i)
		switch n := number(r); {
		case r.Failure != nil:
			h.problem("record %d comes to the handler, and has failed: %v", n, r.Failure.Err)
		case h.comes(handleBad, n):
			out.Add() // of a record that fails
			r.Fail(errBad)
		case h.stays(handleBusy, n):
			r.Fail(errBusy)
		case h.handler == inChain:
			h.addResults(r, out)
		default:
			h.noteHandled(r)
		}
	}
	return nil
}

func (ordealHandler) Close() error { return nil }

// keepAll lets every record go on; every other batch in a way that takes more
// than leaving it where it is.
type keepAll struct{}

func (keepAll) Handle(_ context.Context, b *pipeline.Batch, out *pipeline.Results) error {
	for i := range b.Records {
		out.For(i)
		if number(&b.Records[0])%2 == 0 {
			out.Keep()
		} else {
			c := out.Add()
			c.Value = b.Records[i].Value
		}
	}
	return nil
}

func (keepAll) Close() error { return nil }
