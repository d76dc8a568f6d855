package engine

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// counter is a source of numbered records.
type counter struct {
	next, count int64
}

func (c *counter) Read(_ context.Context, b *pipeline.Batch) error {
	if c.next == c.count {
		return io.EOF
	}
	for c.next < c.count && !b.Full() {
		r := b.Add(16)
		r.Origin.Source, r.Origin.Offset = "counter", c.next
		c.next++
	}
	return nil
}

func (c *counter) Close() error { return nil }

type discard struct{}

func (discard) Store(context.Context, *pipeline.Batch) error { return nil }
func (discard) Close() error                                 { return nil }

func BenchmarkEngine(b *testing.B) {
	keep := pipeline.HandlerFunc(func(_ context.Context, _ *pipeline.Record, out *pipeline.Results) error { out.Keep(); return nil })
	chain := func(ts ...pipeline.Transform) func(*config.Plan) {
		return func(plan *config.Plan) {
			for _, t := range ts {
				plan.Transforms = append(plan.Transforms, pipeline.NewBound("try", nil,
					func(context.Context, pipeline.Env) (pipeline.Transform, error) { return t, nil }))
			}
		}
	}
	end := func(h pipeline.Handler) func(*config.Plan) {
		return func(plan *config.Plan) {
			plan.Handler = pipeline.NewBound("try", nil, func(context.Context, pipeline.Env) (pipeline.Handler, error) { return h, nil })
		}
	}
	nothing := pipeline.TransformFunc(func(*pipeline.Record) error { return nil })
	for _, c := range []struct {
		name    string
		workers int
		prepare func(*config.Plan)
	}{
		{"nothing", 1, func(*config.Plan) {}},
		{"transform", 1, chain(nothing)},
		{"handler", 1, chain(pipeline.HandlerTransform{Handler: keep})},
		{"batch handler", 1, chain(pipeline.HandlerTransform{Handler: keepAll{}})},
		{"all three", 1, chain(nothing, pipeline.HandlerTransform{Handler: keep}, pipeline.HandlerTransform{Handler: keepAll{}}, nothing)},
		{"handler at the end", 1, end(pipeline.HandlerFunc(func(context.Context, *pipeline.Record, *pipeline.Results) error { return nil }))},
		{"batch handler at the end", 1, end(batchFunc(func(*pipeline.Batch, *pipeline.Results) error { return nil }))},
		{"two workers", 2, chain(pipeline.HandlerTransform{Handler: keep})},
	} {
		b.Run(c.name, func(b *testing.B) {
			plan := &config.Plan{Name: "bench",
				Source: pipeline.NewBound("counter", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) {
					return &counter{count: int64(b.N)}, nil
				}),
				Sink: pipeline.NewBound("discard", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
					return pipeline.Synchronous(discard{}), nil
				}),
				Workers: config.Workers{Count: c.workers, By: config.ByKey},
				Errors:  config.Errors{OnFailure: config.Stop}}
			c.prepare(plan)
			b.ReportAllocs()
			p := New(plan, Options{Log: slog.New(slog.DiscardHandler)})
			if err := p.Run(context.Background()); err != nil {
				b.Fatal(err)
			}
			if s := p.Status(); s.State != Completed || s.Written != int64(b.N) {
				b.Fatalf("%+v", s)
			}
		})
	}
}
