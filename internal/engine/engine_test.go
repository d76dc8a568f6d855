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
	plan := &config.Plan{Name: "bench",
		Source: pipeline.NewBound("counter", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) {
			return &counter{count: int64(b.N)}, nil
		}),
		Sink: pipeline.NewBound("discard", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
			return pipeline.Synchronous(discard{}), nil
		}),
		Errors: config.Errors{OnFailure: config.Stop}}
	b.ReportAllocs()
	p := New(plan, Options{Log: slog.New(slog.DiscardHandler)})
	if err := p.Run(context.Background()); err != nil {
		b.Fatal(err)
	}
	if s := p.Status(); s.State != Completed || s.Written != int64(b.N) {
		b.Fatalf("%+v", s)
	}
}
