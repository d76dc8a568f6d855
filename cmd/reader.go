//go:build !windows

package cmd

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// watchReader calls gone once the program that reads a pipe has closed it,
// though nothing is written: head may have seen enough of a topic in which
// nothing happens any more. It ends with ctx.
func watchReader(ctx context.Context, pipe *os.File, gone func()) {
	const everyMilli = 200
	fds := []unix.PollFd{{Fd: int32(pipe.Fd())}}
	for ctx.Err() == nil {
		if n, err := unix.Poll(fds, everyMilli); n > 0 && err == nil { // a pipe without a reader is an error
			gone()
			return
		}
	}
}
