package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// openFile opens, locks and prepares the file, and returns its size. All it
// holds up to there is complete lines.
func openFile(o Options, format lineFormat, log *slog.Logger) (*os.File, int64, error) {
	f, err := os.OpenFile(o.Path, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("%w: make the folder %s first", err, filepath.Dir(o.Path))
	}
	if err != nil {
		return nil, 0, err
	}
	size, err := prepare(f, o, format, log)
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	syncFolder(filepath.Dir(o.Path))
	return f, size, nil
}

// errLocked is what lock returns when another open file has the lock.
var errLocked = errors.New("is already being written, by another pipeline or another sink of this one: choose another path")

func prepare(f *os.File, o Options, format lineFormat, log *slog.Logger) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file", o.Path)
	}
	switch err := lock(f); {
	case errors.Is(err, errors.ErrUnsupported):
		log.Warn("the file can't be locked here: see to it that nothing else writes it", "file", o.Path)
	case errors.Is(err, errLocked):
		return 0, fmt.Errorf("%s %w", o.Path, err)
	case err != nil:
		return 0, fmt.Errorf("%s: %w", o.Path, err)
	}
	if info, err = f.Stat(); err != nil { // it may have grown before the lock
		return 0, err
	}
	switch size := info.Size(); {
	case size == 0:
		return 0, nil
	case o.Mode == "append":
		return resume(f, size, format, log)
	case o.Mode == "overwrite":
		return 0, f.Truncate(0)
	}
	return 0, fmt.Errorf("%s exists and is not empty: remove it, or set mode: append or mode: overwrite", o.Path)
}

// resume returns where to go on in a file that holds something, and repairs
// its end.
func resume(f *os.File, size int64, format lineFormat, log *slog.Logger) (int64, error) {
	end, err := format.check(f, size)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", f.Name(), err)
	case end < size:
		log.Warn("the file's last line was cut off and is removed", "file", f.Name(), "bytes", size-end, "text", beginning(f, end))
		return end, f.Truncate(end)
	case end > size: // the last line lacks no more than its end
		_, err = f.WriteAt([]byte{'\n'}, size)
	}
	return end, err
}

// beginning returns what stands at a place, shortened.
func beginning(f io.ReaderAt, at int64) string {
	text := make([]byte, 200)
	n, _ := f.ReadAt(text, at) // it is only shown
	return string(text[:n])
}
