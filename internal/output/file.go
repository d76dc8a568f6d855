package output

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/pipeline-daemon/pipeline"
)

// fileSink writes to a file and syncs. Write only collects; a goroutine stores
// all that has come since it began with what came before. So one sync stands
// for as many batches as come while another one runs. The engine has a bounded
// number of batches, which bounds what is collected.
//
// The first error is final. What is stored then is exactly the batches that
// were reported as stored.
type fileSink struct {
	appendBatch func([]byte, *pipeline.Batch) []byte
	file        File
	size        int64         // of what is stored; the goroutine's
	wake        chan struct{} // something was collected
	ended       chan struct{} // the goroutine has

	mu   sync.Mutex
	next group
	err  error
}

// File is what is needed of a file.
type File interface {
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	InPlace() error // an error says that the file's path leads to it no more
	Close() error
}

// group is the batches that are stored together.
type group struct {
	data    []byte
	batches []collected
}

// collected is a batch and where what is stored of it ends.
type collected struct {
	ctx  context.Context
	end  int
	done func(error)
}

var _ pipeline.Sink = (*fileSink)(nil)

// NewFile returns a sink that goes on at size in a file, which it closes. A
// record counts as stored once it is synced. appendBatch appends what is to be
// stored of a batch; a record that can't be is to fail.
func NewFile(f File, size int64, appendBatch func(dst []byte, b *pipeline.Batch) []byte) pipeline.Sink {
	s := &fileSink{appendBatch: appendBatch, file: f, size: size, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.run()
	return s
}

// Write implements pipeline.Sink.
func (s *fileSink) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	s.mu.Lock()
	before := len(s.next.data)
	s.next.data = s.appendBatch(s.next.data, b)
	b.Written = int64(len(s.next.data) - before)
	s.next.batches = append(s.next.batches, collected{ctx, len(s.next.data), done})
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run stores group after group, until wake is closed.
func (s *fileSink) run() {
	defer close(s.ended)
	var g group
	for range s.wake {
		s.mu.Lock()
		g, s.next = s.next, group{g.data[:0], g.batches[:0]}
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
func (s *fileSink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// store writes and syncs a group, and returns how many of its batches are
// stored. The rest of it leaves no trace in the file.
func (s *fileSink) store(g group) (stored int, err error) {
	for _, b := range g.batches {
		if err := b.ctx.Err(); err != nil {
			return 0, err
		}
	}
	if len(g.data) == 0 {
		return len(g.batches), nil
	}
	n, err := s.file.WriteAt(g.data, s.size)
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
	if err := s.file.InPlace(); err != nil {
		return 0, err
	}
	s.size = end
	return stored, err
}

// cut shortens the file to size, because of err.
func (s *fileSink) cut(size int64, err error) error {
	if failed := s.file.Truncate(size); failed != nil {
		return pipeline.Permanent(fmt.Errorf("%w; what follows the %d bytes stored before could not be removed: %w", err, size, failed))
	}
	return pipeline.Permanent(fmt.Errorf("%w; the %d bytes stored before are kept", err, size))
}

var errClosed = errors.New("the sink is closed")

// Close implements pipeline.Sink.
func (s *fileSink) Close() error {
	if s.wake == nil {
		return nil
	}
	s.fail(errClosed)
	close(s.wake)
	<-s.ended
	s.wake = nil
	if s.size == 0 {
		return s.file.Close()
	}
	return errors.Join(s.file.InPlace(), s.file.Close())
}
