package output

import (
	"errors"
	"io"

	"golang.org/x/sys/windows"
)

// ReaderGone reports whether err, of a write, says that nobody reads any more.
func ReaderGone(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, io.ErrClosedPipe)
}
