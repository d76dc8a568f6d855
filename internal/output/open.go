package output

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/pipeline-daemon/pipeline"
)

// The modes in which a file is opened.
const (
	Create    = "create"    // a file that exists, and is not empty, is refused
	Append    = "append"    // it is added to
	Overwrite = "overwrite" // what it holds is lost
)

// CheckMode returns an error unless there is such a mode.
func CheckMode(mode string) error {
	switch mode {
	case Create, Append, Overwrite:
		return nil
	}
	return fmt.Errorf("wants create, append or overwrite, not %q", mode)
}

// OpenFile opens and locks a file, and returns where to go on in it. What one
// that is appended to holds is for resume to look at, and to repair: it returns
// where to go on.
func OpenFile(path, mode string, log *slog.Logger, resume func(f *os.File, size int64) (int64, error)) (File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("%w: make the folder %s first", err, filepath.Dir(path))
	}
	if err != nil {
		return nil, 0, err
	}
	size, err := prepare(f, mode, log)
	if err == nil && size > 0 {
		size, err = resume(f, size)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	syncFolder(filepath.Dir(path))
	return named{f}, size, nil
}

// named is a file that was opened by its path.
type named struct{ *os.File }

// InPlace implements File.
func (f named) InPlace() error {
	open, err := f.Stat()
	if err != nil {
		return err
	}
	switch now, err := os.Stat(f.Name()); {
	case errors.Is(err, fs.ErrNotExist):
		return pipeline.Permanent(fmt.Errorf("%s was removed or renamed while it was being written: what was written is not there any more", f.Name()))
	case err == nil && !os.SameFile(open, now):
		return pipeline.Permanent(fmt.Errorf("another file has taken the place of %s while it was being written: what was written is not in it", f.Name()))
	}
	return nil // or it can't be told
}

// errLocked is what lock returns when another open file has the lock.
var errLocked = errors.New("is already being written, by another pipeline or another sink of this one: choose another path")

// prepare returns the size of a file that is to be appended to, else 0.
func prepare(f *os.File, mode string, log *slog.Logger) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file", f.Name())
	}
	switch err := lock(f); {
	case errors.Is(err, errors.ErrUnsupported):
		log.Warn("the file can't be locked here: see to it that nothing else writes it", "file", f.Name())
	case errors.Is(err, errLocked):
		return 0, fmt.Errorf("%s %w", f.Name(), err)
	case err != nil:
		return 0, fmt.Errorf("%s: %w", f.Name(), err)
	}
	if info, err = f.Stat(); err != nil { // it may have grown before the lock
		return 0, err
	}
	switch size := info.Size(); {
	case size == 0 || mode == Append:
		return size, nil
	case mode == Overwrite:
		return 0, f.Truncate(0)
	}
	return 0, fmt.Errorf("%s exists and is not empty: remove it, or set mode: append or mode: overwrite", f.Name())
}
