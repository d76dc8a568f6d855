package output

import (
	"errors"
	"io"

	"golang.org/x/sys/windows"
)

// readerGone reports whether err says that nobody reads any more.
func readerGone(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, io.ErrClosedPipe)
}
