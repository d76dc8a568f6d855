package csv

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/compress"
)

// input is a file, or standard input, that is being read.
type input struct {
	name     string
	file     *compress.File // nil: standard input
	mayBlock bool           // it is a pipe
	read     func(ctx context.Context, p []byte, patience time.Duration) (int, error)
	stop     func()

	recorded []byte // what has been read to look at the first rows, and is to be read again
	record   int    // how much of this there may be; 0 when reading again

	text int64 // how much has been read, decompressed
}

// openInput opens a file, or standard input. It returns early when ctx is
// done, even if the file is a pipe at whose other end there is nobody.
func openInput(ctx context.Context, name string, in io.Reader) (*input, error) {
	if name == stdin {
		return pipeInput(name, nil, in), nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) == 0 {
		f, err := compress.Open(name)
		if err != nil {
			return nil, err
		}
		read := func(_ context.Context, p []byte, _ time.Duration) (int, error) { return f.Read(p) }
		return &input{name: name, file: f, read: read, stop: func() {}}, nil
	}
	f, err := openPipe(ctx, name)
	if err != nil {
		return nil, err
	}
	return pipeInput(name, f, f), nil
}

// openPipe opens a pipe, which may block until somebody writes to it.
func openPipe(ctx context.Context, name string) (*compress.File, error) {
	type opened struct {
		file *compress.File
		err  error
	}
	done := make(chan opened)
	go func() {
		f, err := compress.Open(name)
		select {
		case done <- opened{f, err}:
		case <-ctx.Done():
			if err == nil {
				f.Close()
			}
		}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func pipeInput(name string, f *compress.File, r io.Reader) *input {
	p := newPump(r)
	return &input{name: name, file: f, mayBlock: true, read: p.read, stop: p.stop}
}

// fill puts more text into s. It waits for patience at most, if that is not 0,
// and then returns errPatience.
func (in *input) fill(ctx context.Context, s *scanner, patience time.Duration) error {
	room := s.room()
	if in.record > 0 && len(in.recorded) >= in.record {
		return errHeadEnds
	}
	if in.record == 0 && len(in.recorded) > 0 {
		n := copy(room, in.recorded)
		if in.recorded = in.recorded[n:]; len(in.recorded) == 0 {
			in.recorded = nil
		}
		s.filled(n)
		return nil
	}
	n, err := in.read(ctx, room, patience)
	if in.record > 0 {
		in.recorded = append(in.recorded, room[:n]...)
	}
	s.filled(n)
	in.text += int64(n)
	if err == io.EOF {
		s.ended = true
		return nil
	}
	return err
}

func (in *input) Close() error {
	in.stop()
	if in.file == nil {
		return nil
	}
	return in.file.Close()
}
