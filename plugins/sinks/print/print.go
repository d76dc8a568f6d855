// Package print is the sink that writes records to standard output.
//
// Nothing but records is written there: messages and the status line go to
// standard error, so that a pipe gets data only.
package print

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/output"
)

// Options are the options of the sink.
type Options struct {
	_      struct{} `doc:"writes records to standard output, one per line. When its reader closes it, as head does, the pipeline stops; it may not have read the last lines that were written, up to 64 KiB in a pipe, which a position counts as done" example:"print: {format: text}"`
	Format string   `yaml:"format" doc:"json: JSON Lines; text: for people, the time and the value"`
	Time   string   `yaml:"time" doc:"of text, the time in front: now (the default) is the clock's, event is the record's own in UTC; or none"`
	Key    bool     `yaml:"key" doc:"of text, whether the record's key is shown before the value"`
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	wrong := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if o.Format != "json" && o.Format != "text" {
		wrong("format", "wants json or text, not %q", o.Format)
	}
	switch o.Time {
	case "", "now", "event", "none":
	default:
		wrong("time", "wants now, event or none, not %q", o.Time)
	}
	if o.Format == "json" && o.Time != "" {
		wrong("time", "is for format: text")
	}
	if o.Format == "json" && o.Key {
		wrong("key", "is for format: text")
	}
	return errors.Join(errs...)
}

func init() {
	pipeline.RegisterSink("print", Options{Format: "json"}, open)
}

func open(_ context.Context, env pipeline.Env, o Options) (pipeline.Sink, error) {
	if o.Format == "text" {
		return output.Lines(env.Stdout, text(o).appendLine), nil
	}
	return output.Lines(env.Stdout, appendJSON), nil
}
