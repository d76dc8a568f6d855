package csv

import (
	"context"
	"errors"
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

	recorded  []byte // what has been read to look at the first rows, and is to be read again
	recording bool

	text int64 // how much has been read, decompressed
}

// errPatience says that nothing has come for as long as one was ready to wait.
var errPatience = errors.New("nothing to read yet")

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
		if o.err != nil {
			return nil, o.err
		}
		return pipeInput(name, o.file, o.file), nil
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
	if !in.recording && len(in.recorded) > 0 {
		n := copy(room, in.recorded)
		in.recorded = in.recorded[n:]
		s.filled(n)
		return nil
	}
	n, err := in.read(ctx, room, patience)
	if in.recording {
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

// pump reads what may never come, so that waiting for it can be given up.
type pump struct {
	chunks chan chunk
	used   chan struct{} // the last chunk has been used up
	quit   chan struct{}
	rest   chunk
	busy   bool // rest is a chunk that is not used up
}

type chunk struct {
	data []byte
	err  error
}

// newPump starts to read from r, one chunk ahead. Once stopped, it ends when r
// returns from a read, or is closed.
func newPump(r io.Reader) *pump {
	p := &pump{chunks: make(chan chunk), used: make(chan struct{}, 1), quit: make(chan struct{})}
	go func() {
		buf := make([]byte, blockSize)
		for {
			n, err := r.Read(buf)
			select {
			case p.chunks <- chunk{buf[:n], err}:
			case <-p.quit:
				return
			}
			if err != nil {
				return
			}
			select {
			case <-p.used:
			case <-p.quit:
				return
			}
		}
	}()
	return p
}

func (p *pump) stop() { close(p.quit) }

// read waits for data, and for no longer than patience if that is not 0. After
// an error it returns this error again.
func (p *pump) read(ctx context.Context, dst []byte, patience time.Duration) (int, error) {
	if !p.busy {
		var late <-chan time.Time
		if patience > 0 {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case p.rest = <-p.chunks:
			p.busy = true
		case <-late:
			return 0, errPatience
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	n := copy(dst, p.rest.data)
	p.rest.data = p.rest.data[n:]
	if len(p.rest.data) > 0 {
		return n, nil
	}
	if p.rest.err != nil {
		return n, p.rest.err
	}
	p.busy = false
	p.used <- struct{}{}
	return n, nil
}
