// Package limits is a handler of records.
package limits

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the handler.
type Options struct {
	_     struct{} `doc:"tells in the log of every record whose field is above a limit" example:"limits: {field: value, above: 55}"`
	Field string   `yaml:"field" doc:"the field with the number"`
	Above float64  `yaml:"above" doc:"the limit"`
}

func init() {
	pipeline.RegisterHandler("limits", Options{Field: "value", Above: 50}, open)
}

type handler struct {
	Options
	log *slog.Logger
}

var _ pipeline.RecordHandler = (*handler)(nil)

func open(_ context.Context, env pipeline.Env, o Options) (pipeline.Handler, error) {
	return pipeline.OneByOne(&handler{o, env.Log}), nil
}

// HandleRecord implements pipeline.RecordHandler. An error fails the record.
// Among transforms, out.Keep() lets it go on, and out.Add() adds a new one.
func (h *handler) HandleRecord(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
	v, ok := r.Get(h.Field).Number()
	if !ok {
		return pipeline.Permanent(fmt.Errorf("field %q is not a number", h.Field))
	}
	if v > h.Above {
		h.log.Warn("above the limit", h.Field, v, "limit", h.Above, "at", r.Origin.String())
	}
	return nil
}

// Close implements pipeline.RecordHandler.
func (h *handler) Close() error { return nil }
