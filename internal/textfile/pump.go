package textfile

import (
	"context"
	"io"
	"time"
)

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
			return 0, ErrPatience
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
