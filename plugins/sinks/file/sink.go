package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/pipeline-daemon/pipeline"
)

// lineFormat makes lines of records.
type lineFormat interface {
	// appendRecord appends a record's line, and any lines that must stand
	// before it. On an error what it returns beside is ignored.
	appendRecord(dst []byte, r *pipeline.Record) ([]byte, error)

	// check looks at a file that is to be appended to. It returns where its
	// last complete line ends: before size if the line after it was cut off,
	// and after size if only its end of line is missing.
	check(f io.ReaderAt, size int64) (end int64, err error)
}

// sink writes lines and syncs them. Write only collects the lines; a goroutine
// stores all that have come since it began with those before. So one sync
// stands for as many batches as come while another one runs. The engine has a
// bounded number of batches, which bounds what is collected.
//
// The first error is final. What is stored then is exactly the batches that
// were reported as stored.
type sink struct {
	format lineFormat
	file   file
	size   int64         // of what is stored; the goroutine's
	wake   chan struct{} // something was collected
	ended  chan struct{} // the goroutine has

	mu   sync.Mutex
	next group
	err  error
}

// file is what is needed of an *os.File.
type file interface {
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

// group is the batches that are stored together.
type group struct {
	lines   []byte
	batches []collected
}

// collected is a batch and where its lines end.
type collected struct {
	ctx  context.Context
	end  int
	done func(error)
}

var _ pipeline.Sink = (*sink)(nil)

func newSink(f file, size int64, format lineFormat) *sink {
	s := &sink{format: format, file: f, size: size, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.run()
	return s
}

// Write implements pipeline.Sink.
func (s *sink) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	s.mu.Lock()
	before := len(s.next.lines)
	for i := range b.Records {
		r := &b.Records[i]
		lines, err := s.format.appendRecord(s.next.lines, r)
		if err != nil {
			r.Fail(pipeline.Permanent(err))
			continue
		}
		s.next.lines = lines
	}
	b.Written = int64(len(s.next.lines) - before)
	s.next.batches = append(s.next.batches, collected{ctx, len(s.next.lines), done})
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run stores group after group, until wake is closed.
func (s *sink) run() {
	defer close(s.ended)
	var g group
	for range s.wake {
		s.mu.Lock()
		g, s.next = s.next, group{g.lines[:0], g.batches[:0]}
		err := s.err
		s.mu.Unlock()

		stored := 0
		if err == nil {
			if stored, err = s.store(g); err != nil {
				s.fail(err)
			}
		}
		for i, b := range g.batches {
			if i < stored {
				b.done(nil)
			} else {
				b.done(err)
			}
		}
		clear(g.batches)
	}
}

// fail makes err that of everything that is not yet stored.
func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// store writes and syncs a group, and returns how many of its batches are
// stored. The rest of it leaves no trace in the file.
func (s *sink) store(g group) (stored int, err error) {
	for _, b := range g.batches {
		if err := b.ctx.Err(); err != nil {
			return 0, err
		}
	}
	if len(g.lines) == 0 {
		return len(g.batches), nil
	}
	n, err := s.file.WriteAt(g.lines, s.size)
	end := s.size
	for stored < len(g.batches) && g.batches[stored].end <= n {
		end = s.size + int64(g.batches[stored].end)
		stored++
	}
	if err != nil {
		err = s.cut(end, err)
	}
	if failed := s.file.Sync(); failed != nil {
		return 0, s.cut(s.size, failed)
	}
	s.size = end
	return stored, err
}

// cut shortens the file to size, because of err.
func (s *sink) cut(size int64, err error) error {
	if failed := s.file.Truncate(size); failed != nil {
		return pipeline.Permanent(fmt.Errorf("%w; what follows the %d bytes stored before could not be removed: %w", err, size, failed))
	}
	return pipeline.Permanent(fmt.Errorf("%w; the %d bytes stored before are kept", err, size))
}

var errClosed = errors.New("the file sink is closed")

// Close implements pipeline.Sink.
func (s *sink) Close() error {
	if s.wake == nil {
		return nil
	}
	s.fail(errClosed)
	close(s.wake)
	<-s.ended
	s.wake = nil
	return s.file.Close()
}
