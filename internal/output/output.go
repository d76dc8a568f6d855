// Package output is what sinks share that write to standard output, or to a
// file.
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
	s := &sink{appendLine: appendLine, work: make(chan []byte), result: make(chan result, 1)}
	go write(w, s.work, s.result)
	return pipeline.Synchronous(s)
}

// write writes what comes until work is closed. It has a goroutine of its own
// because a pipe whose reader doesn't read blocks for good.
func write(w io.Writer, work <-chan []byte, results chan<- result) {
	for lines := range work {
		n, err := w.Write(lines)
		results <- result{n, err}
	}
}

// result is what has become of lines.
type result struct {
	written int // bytes
	err     error
}

type sink struct {
	appendLine func([]byte, *pipeline.Record) ([]byte, error)
	lines      []byte
	ends       []int       // of each record's line in lines; of one that failed, that of the line before
	work       chan []byte // nil once a write was given up
	result     chan result
}

var _ pipeline.SyncSink = (*sink)(nil)

// Store implements pipeline.SyncSink.
func (s *sink) Store(ctx context.Context, b *pipeline.Batch) error {
	if s.work == nil {
		return pipeline.Permanent(errors.New("standard output: the reader does not read"))
	}
	s.lines, s.ends = s.lines[:0], s.ends[:0]
	for i := range b.Records {
		r := &b.Records[i]
		line, err := s.appendLine(s.lines, r)
		if err != nil {
			r.Fail(pipeline.Permanent(err))
		} else {
			s.lines = append(line, '\n')
		}
		s.ends = append(s.ends, len(s.lines))
	}
	b.Written = int64(len(s.lines))
	s.work <- s.lines
	select {
	case r := <-s.result:
		if ReaderGone(r.err) {
			s.markUnwritten(b, r.written)
		}
		return outputError(r.err)
	case <-ctx.Done():
		s.lines = nil
		return errors.Join(ctx.Err(), s.Close())
	}
}

// markUnwritten marks the records whose lines are not among the first n bytes.
func (s *sink) markUnwritten(b *pipeline.Batch, n int) {
	b.Written = int64(n)
	for i := range b.Records {
		if r := &b.Records[i]; r.Failure == nil && s.ends[i] > n {
			r.Fail(pipeline.ErrDone)
		}
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
