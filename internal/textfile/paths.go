package textfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/compress"
)

// CheckPaths returns the mistakes in the options path and follow.
func CheckPaths(paths []string, follow bool) error {
	var errs []error
	mistake := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if len(paths) == 0 {
		mistake("path", "names no file")
	}
	if slices.Contains(paths, "") {
		mistake("path", "an empty name is no file")
	}
	switch path := strings.Join(paths, " "); {
	case !follow || len(errs) > 0:
	case len(paths) > 1:
		mistake("follow", "follows one file, and path names %d", len(paths))
	case path == Stdin:
		mistake("follow", "standard input is read to its end anyway: leave follow out")
	case compress.IsCompressed(path):
		mistake("follow", "a compressed file can't be followed, such as %s", path)
	case strings.ContainsAny(path, `*?[`):
		mistake("follow", "follows one file: path must be its name, not the pattern %s", path)
	}
	return errors.Join(errs...)
}

// CheckEnd returns why a source of files has no end, if it has none.
func CheckEnd(follow bool) error {
	if follow {
		return &pipeline.FieldError{Option: "follow", Err: errors.New("a file that is followed has no end; read what it holds now with follow: false")}
	}
	return nil
}
