//go:build !windows

package output

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the lock that f's file has. Closing f, or the end of the process,
// frees it. The lock lies on the open file itself, so two opened in one
// process exclude each other too.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return os.NewSyscallError("flock", err)
}

// syncFolder stores the entry of a file that is new. Not every file system
// can, and none says so in one way.
func syncFolder(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
