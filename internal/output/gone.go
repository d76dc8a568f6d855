//go:build !windows

package output

import (
	"errors"
	"io"
	"syscall"
)

// ReaderGone reports whether err, of a write, says that nobody reads any more.
func ReaderGone(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
