package textfile

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/compress"
)

var (
	// ErrPatience says that nothing has come for as long as one was ready to
	// wait.
	ErrPatience = errors.New("nothing to read yet")
	// ErrHeadEnds says that enough has been read to look at the first rows.
	ErrHeadEnds = errors.New("no more of the file is looked at beforehand")
)

// input is a file, or standard input, that is being read.
type input struct {
	name     string
	file     *compress.File // nil: standard input, or a file that is followed
	mayBlock bool           // more may be long in coming
	read     func(ctx context.Context, p []byte, patience time.Duration) (int, error)
	close    func() error

	recorded []byte // what has been read to look at the first rows, and is to be read again
	record   int    // how much of this there may be; 0 when reading again

	text int64 // how much has been read, decompressed
}

// openInput opens a file, or standard input. It returns early when ctx is
// done, even if the file is a pipe at whose other end there is nobody.
func openInput(ctx context.Context, path string, in io.Reader) (*input, error) {
	if path == Stdin {
		return pipeInput(path, nil, in), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) == 0 {
		f, err := compress.Open(path)
		if err != nil {
			return nil, err
		}
		read := func(_ context.Context, p []byte, _ time.Duration) (int, error) { return f.Read(p) }
		return &input{name: path, file: f, read: read, close: f.Close}, nil
	}
	f, err := openPipe(ctx, path)
	if err != nil {
		return nil, err
	}
	return pipeInput(path, f, f), nil
}

// openPipe opens a pipe, which may block until somebody writes to it.
func openPipe(ctx context.Context, path string) (*compress.File, error) {
	type opened struct {
		file *compress.File
		err  error
	}
	done := make(chan opened)
	go func() {
		f, err := compress.Open(path)
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
	closePipe := func() error {
		p.stop()
		if f == nil {
			return nil
		}
		return f.Close()
	}
	return &input{name: name, file: f, mayBlock: true, read: p.read, close: closePipe}
}

// fill puts more text into t. It waits for patience at most, if that is not 0,
// and then returns ErrPatience.
func (in *input) fill(ctx context.Context, t *Text, patience time.Duration) error {
	room := t.Room()
	if in.record > 0 && len(in.recorded) >= in.record {
		return ErrHeadEnds
	}
	if in.record == 0 && len(in.recorded) > 0 {
		n := copy(room, in.recorded)
		if in.recorded = in.recorded[n:]; len(in.recorded) == 0 {
			in.recorded = nil
		}
		t.Filled(n)
		return nil
	}
	n, err := in.read(ctx, room, patience)
	if in.record > 0 {
		in.recorded = append(in.recorded, room[:n]...)
	}
	t.Filled(n)
	in.text += int64(n)
	if err == io.EOF {
		t.End()
		return nil
	}
	return err
}

// begin returns the text at the start of an input.
func (in *input) begin(ctx context.Context) (*Text, error) {
	t := NewText(0, 1)
	for undecided(t.Rest()) && !t.Ended() {
		if err := in.fill(ctx, t, 0); err != nil {
			return nil, err
		}
	}
	if err := checkText(in.name, t.Rest()); err != nil {
		return nil, err
	}
	if hasByteOrderMark(t.Rest()) {
		t.Advance(len(byteOrderMark), 0)
	}
	return t, nil
}
