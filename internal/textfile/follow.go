package textfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"
)

// growing is a file that is followed: what is added to it is waited for. It
// ends when another file that is not empty has its name, and all of it has
// been read; or when it has become shorter. So what is written to a file after
// it was renamed is not missed.
type growing struct {
	path   string
	file   *os.File
	offset int64 // where the next read is
	watch  *watch
	log    *slog.Logger
}

// openGrowing opens a file that is followed at an offset, and waits for it if
// it isn't there.
func (s *Source) openGrowing(ctx context.Context, f *file, offset int64) (*input, error) {
	opened, err := os.Open(f.path)
	for said := false; errors.Is(err, fs.ErrNotExist); opened, err = os.Open(f.path) {
		if !said {
			s.env.Log.Warn("the file is not there yet: waiting for it", "file", f.path+relativeTo(f.path))
			said = true
		}
		if err := s.watch.wait(ctx, nil); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	if err := seekGrowing(opened, offset); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	s.watch.add(f.path)
	g := &growing{f.path, opened, offset, s.watch, s.env.Log}
	return &input{name: f.path, mayBlock: true, read: g.read, close: opened.Close}, nil
}

func seekGrowing(f *os.File, offset int64) error {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file, and only such a file can be followed", f.Name())
	}
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	return err
}

// read waits for data, and for no longer than patience if that is not 0.
func (g *growing) read(ctx context.Context, p []byte, patience time.Duration) (int, error) {
	var late <-chan time.Time
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		late = timer.C
	}
	for {
		n, err := g.file.Read(p)
		var over bool
		if err == io.EOF {
			if over, err = g.over(); err == nil {
				n, err = g.file.Read(p) // what came before it was over
			}
		}
		g.offset += int64(n)
		switch {
		case n > 0:
			return n, nil
		case err != nil && err != io.EOF:
			return 0, err
		case over:
			return 0, io.EOF
		}
		if err := g.watch.wait(ctx, late); err != nil {
			return 0, err
		}
	}
}

// over reports whether nothing more is to be waited for.
func (g *growing) over() (bool, error) {
	this, err := g.file.Stat()
	if err != nil {
		return false, err
	}
	if this.Size() < g.offset {
		g.log.Info("the file has become shorter: reading it from its start", "file", g.path)
		return true, nil
	}
	named, err := os.Stat(g.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // it has been renamed, and nothing is there yet
	}
	if err != nil || os.SameFile(this, named) || named.Size() == 0 {
		return false, err
	}
	g.log.Info("another file has the name now: reading that one", "file", g.path)
	return true, nil
}
