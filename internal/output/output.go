// Package output is a sink that writes lines to standard output.
package output

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pipeline-daemon/pipeline"
)

// Lines returns a sink that writes a line for every record to w, and all lines
// of a batch at once. appendLine appends a record's line, without its end; its
// error fails the record. When w's reader has gone the sink reports
// pipeline.ErrDone. It does not close w.
func Lines(w io.Writer, appendLine func(dst []byte, r *pipeline.Record) ([]byte, error)) pipeline.Sink {
	s := &sink{appendLine: appendLine, work: make(chan []byte), result: make(chan error, 1)}
	go write(w, s.work, s.result)
	return pipeline.Synchronous(s)
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

// Store implements pipeline.SyncSink.
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
	case ReaderGone(err):
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
