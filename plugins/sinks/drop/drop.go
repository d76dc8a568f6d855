// Package drop is the sink that throws everything away.
package drop

import (
	"context"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the sink: none.
type Options struct {
	_ struct{} `doc:"throws every record away: to measure what comes before it" example:"drop"`
}

func init() {
	pipeline.RegisterSink("drop", Options{}, open)
}

type sink struct{}

var _ pipeline.Sink = sink{}

func open(context.Context, pipeline.Env, Options) (pipeline.Sink, error) { return sink{}, nil }

// Write implements pipeline.Sink.
func (sink) Write(_ context.Context, _ *pipeline.Batch, done func(error)) { done(nil) }

// Close implements pipeline.Sink.
func (sink) Close() error { return nil }
