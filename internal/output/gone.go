//go:build !windows

package output

import (
	"errors"
	"io"
	"syscall"
)

// readerGone reports whether err says that nobody reads any more.
func readerGone(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
