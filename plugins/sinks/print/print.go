// Package print is the sink that writes records to standard output.
package print

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the sink.
type Options struct {
	_      struct{} `doc:"writes records to standard output, one per line. When its reader closes it, as head does, the pipeline is completed" example:"print: {format: text}"`
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
	s := &sink{work: make(chan []byte), result: make(chan error, 1), appendLine: appendJSON}
	if o.Format == "text" {
		s.appendLine = text(o).appendLine
	}
	go write(env.Stdout, s.work, s.result)
	return pipeline.Synchronous(s), nil
}

// write writes what comes until work is closed. It has a goroutine of its own
// because a pipe whose reader doesn't read blocks for good.
func write(w io.Writer, work <-chan []byte, result chan<- error) {
	for lines := range work {
		_, err := w.Write(lines)
		result <- err
	}
}

type sink struct {
	appendLine func([]byte, *pipeline.Record) ([]byte, error)
	lines      []byte
	work       chan []byte // nil once a write was given up
	result     chan error
}

var _ pipeline.SyncSink = (*sink)(nil)

// Store implements pipeline.SyncSink: all lines of a batch are one write.
func (s *sink) Store(ctx context.Context, b *pipeline.Batch) error {
	if s.work == nil {
		return pipeline.Permanent(errors.New("standard output: the reader does not read"))
	}
	s.lines = s.lines[:0]
	for i := range b.Records {
		r := &b.Records[i]
		line, err := s.appendLine(s.lines, r)
		if err != nil {
			r.Fail(pipeline.Permanent(err))
			continue
		}
		s.lines = append(line, '\n')
	}
	b.Written = int64(len(s.lines))
	s.work <- s.lines
	select {
	case err := <-s.result:
		return outputError(err)
	case <-ctx.Done():
		s.lines = nil
		return errors.Join(ctx.Err(), s.Close())
	}
}

// outputError marks every error as permanent: some lines may have been
// written, and would be written twice.
func outputError(err error) error {
	switch {
	case err == nil:
		return nil
	case readerGone(err):
		return fmt.Errorf("standard output is closed: %w", pipeline.ErrDone)
	}
	return pipeline.Permanent(fmt.Errorf("standard output: %w", err))
}

// Close implements pipeline.SyncSink.
func (s *sink) Close() error {
	if s.work != nil {
		close(s.work)
		s.work = nil
	}
	return nil
}
