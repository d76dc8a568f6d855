package engine

import (
	"fmt"
	"io"
)

// closer is what has to be closed at the end.
type closer struct {
	io.Closer
	what   string
	worker *worker // whose plugin it is; nil: nobody's
}

// close closes it, unless a call of the worker has been left. A panic is an
// error.
func (p *Pipeline) close(c closer) (err error) {
	if c.worker != nil && c.worker.stuck.Load() {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = p.panicError(v)
		}
		if err != nil {
			err = fmt.Errorf("%s: closing: %w", c.what, err)
		}
	}()
	return c.Close()
}
