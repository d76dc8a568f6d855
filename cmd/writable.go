package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

// checkReport refuses a path that can't be written, before a run that may take
// days.
func checkReport(path string) error {
	if path == "" {
		return nil
	}
	if err := checkTarget(path); err != nil {
		return fmt.Errorf("--report %s: %w", path, reason(err))
	}
	return nil
}

// checkTarget returns an error if replaceFile can't write a file.
func checkTarget(path string) error {
	link, err := os.Lstat(path)
	if err != nil || link.Mode().IsRegular() { // it is made, or made anew
		return checkFolder(filepath.Dir(path))
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil // such as /dev/stdout, if that is a pipe
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("is a folder; name a file")
	case info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0:
		return errors.New("is a pipe, for which nobody may be there; name a file")
	case info.Mode().IsRegular():
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return f.Close()
	}
	return nil
}

// checkFolder returns an error if no file can be made in a folder.
func checkFolder(dir string) error {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return fmt.Errorf("there is no folder %s", dir)
	}
	f, err := os.CreateTemp(dir, ".pipeline.*.tmp")
	if err != nil {
		return fmt.Errorf("can't write to the folder %s: %w", dir, reason(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// reason leaves out of an error what failed at which path.
func reason(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// checkState refuses a folder for positions that can't be made or written,
// before a pipeline that resumes is begun.
func checkState(dir string, plans []*config.Plan) error {
	if !slices.ContainsFunc(plans, func(p *config.Plan) bool { return p.Resume }) {
		return nil
	}
	at := filepath.Clean(dir)
	for {
		info, err := os.Stat(at)
		switch {
		case err == nil && !info.IsDir():
			return fmt.Errorf("--state %s: %s is no folder", dir, at)
		case err == nil:
			if err := checkFolder(at); err != nil {
				return fmt.Errorf("--state %s: %w", dir, err)
			}
			return nil
		case at == filepath.Dir(at):
			return fmt.Errorf("--state %s: %w", dir, reason(err))
		}
		at = filepath.Dir(at)
	}
}
