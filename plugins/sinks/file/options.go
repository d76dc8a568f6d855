// Package file is the sink that writes records to a file, as JSON Lines or
// CSV.
package file

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/output"
)

// Options are the options of the sink.
type Options struct {
	_      struct{} `doc:"writes records to a file, one per line. It holds complete lines only, also after a full disk, and a record counts as written once it is synced to the disk. One pipeline at a time can write a file" example:"file: {path: out.jsonl, mode: overwrite}"`
	Path   string   `yaml:"path" doc:"the file"`
	Format string   `yaml:"format" doc:"json: JSON Lines; csv: RFC 4180, with the first record's fields as the header: a field that a later record lacks is empty, and a record with one that the header lacks fails. The default is as the path's suffix says: .jsonl, .ndjson, .json or .csv"`
	Mode   string   `yaml:"mode" doc:"create: a file that exists, and is not empty, is refused; append: records are added, and a last line that was cut off is removed (one of CSV that ends in a quoted line break is refused); overwrite: what the file holds is lost"`
}

var suffixes = map[string]string{".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv"}

// packed are the suffixes of compressed files.
var packed = []string{".gz", ".zst", ".bz2", ".xz", ".zip"}

// format is Format or its default.
func (o *Options) format() string {
	if o.Format != "" {
		return o.Format
	}
	return suffixes[strings.ToLower(filepath.Ext(o.Path))]
}

var _ pipeline.FileUser = (*Options)(nil)

// Files implements pipeline.FileUser.
func (o *Options) Files() pipeline.Files {
	return pipeline.Files{Writes: o.Path, Anew: o.Mode != output.Append, Empty: o.Mode == output.Overwrite}
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	wrong := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	switch {
	case o.Path == "":
		wrong("path", "wants a file's name")
	case o.Path == "-":
		wrong("path", "for standard output use the sink print")
	case slices.Contains(packed, strings.ToLower(filepath.Ext(o.Path))):
		wrong("path", "%s would be plain text: this sink doesn't compress; leave out %s, and compress the file once it is complete", o.Path, filepath.Ext(o.Path))
	case o.format() == "":
		wrong("path", "%s has no suffix that says a format (.jsonl, .ndjson, .json or .csv): set format", o.Path)
	}
	if o.Format != "" && o.Format != "json" && o.Format != "csv" {
		wrong("format", "wants json or csv, not %q", o.Format)
	}
	if err := output.CheckMode(o.Mode); err != nil {
		wrong("mode", "%w", err)
	}
	return errors.Join(errs...)
}

func init() {
	pipeline.RegisterSink("file", Options{Mode: output.Create}, open)
}

func open(_ context.Context, env pipeline.Env, o Options) (pipeline.Sink, error) {
	var format lineFormat = jsonLines{}
	if o.format() == "csv" {
		format = &csvLines{path: o.Path}
	}
	f, size, err := openFile(o, format, env.Log)
	if err != nil {
		return nil, err
	}
	return newSink(f, size, format), nil
}
