package textfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// files are what is to be read, in order.
type files []*file

// file is a file that is to be read.
type file struct {
	name   string // as the user named it
	path   string // where it is now: it may have been renamed
	format Format
	follow bool          // read on as it grows
	size   int64         // bytes on the disk; -1 if it can't be known
	rate   atomic.Uint64 // bytes on the disk for each byte of text, as a float
}

func newFile(name, path string, format Format) *file {
	return &file{name: name, path: path, format: format, size: sizeOf(path)}
}

// list returns the files that the groups name, in the order given; those of a
// pattern are sorted.
func list(groups []Group) (files, error) {
	var all files
	var errs []error
	for _, g := range groups {
		for _, path := range g.Paths {
			names, err := expand(path)
			if err != nil {
				errs = append(errs, err)
			}
			for _, name := range names {
				if slices.ContainsFunc(all, func(f *file) bool { return f.name == name }) {
					errs = append(errs, fmt.Errorf("path names %s twice", name))
					continue
				}
				all = append(all, newFile(name, name, g.Format))
			}
		}
	}
	return all, errors.Join(errs...)
}

// known reports whether the size of every file is known, so that none of them
// may keep one waiting.
func (all files) known() bool {
	return !slices.ContainsFunc(all, func(f *file) bool { return f.size < 0 })
}

// expand returns the files that one path names. A file whose very name looks
// like a pattern is itself.
func expand(path string) ([]string, error) {
	if path == Stdin {
		return []string{path}, nil
	}
	_, err := os.Stat(path)
	if err == nil {
		return []string{path}, nil
	}
	if !strings.ContainsAny(path, `*?[`) {
		return nil, missing(path, err)
	}
	names, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no file matches %s%s", path, relativeTo(path))
	}
	slices.Sort(names)
	return names, nil
}

func missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s%s", path, relativeTo(path))
	}
	return err
}

// relativeTo says in which directory a relative path has been looked for.
func relativeTo(path string) string {
	dir, err := os.Getwd()
	if err != nil || filepath.IsAbs(path) {
		return ""
	}
	return " in " + dir
}

func sizeOf(name string) int64 {
	if info, err := os.Stat(name); name != Stdin && err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return -1
}

// diskPerText returns the bytes on the disk for each byte of text.
func (f *file) diskPerText() float64 { return math.Float64frombits(f.rate.Load()) }

// measure notes how far in is.
func (f *file) measure(in *input) {
	if text := in.text; in.file != nil && text > 0 {
		f.rate.Store(math.Float64bits(float64(in.file.Consumed()) / float64(text)))
	}
}

// progress returns the share of all bytes that lie before the record at o. It
// may be called from any goroutine.
func (all files) progress(o pipeline.Origin) (float64, bool) {
	total, done, known := int64(0), 0.0, false
	for _, f := range all {
		if f.size < 0 {
			return 0, false
		}
		if f.name == o.Source {
			done, known = float64(total)+float64(o.Offset)*f.diskPerText(), true
		}
		total += f.size
	}
	if !known || total == 0 {
		return 0, false
	}
	return min(done/float64(total), 1), true
}
