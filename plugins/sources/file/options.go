package file

import (
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fieldtime"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

// Options are the options of the file source.
type Options struct {
	_ struct{} `doc:"reads the lines of files, one file after another: JSON Lines (NDJSON), or lines of text" example:"file: {path: data/readings.csv, format: lines}"`

	Path      []string          `yaml:"path" doc:"file or glob pattern, or a list of them; - is standard input; names that end in .gz or .zst are decompressed"`
	Follow    bool              `yaml:"follow" doc:"read on as the file grows, and when another one gets its name, as tail -F does; the pipeline then goes on until it is stopped"`
	Format    string            `yaml:"format" doc:"json: each line is a JSON value, and blank lines are none; lines: each line is a text"`
	Timestamp string            `yaml:"timestamp" doc:"the field with the event time, for format: json; absent: records have none"`
	MaxLine   pipeline.ByteSize `yaml:"max_line" doc:"the longest line; a longer one is an error of that line, of which its first 1024 bytes are kept, for dead letters too"`

	fieldtime.Notation `yaml:",inline"`
}

func defaults() Options {
	return Options{Format: "json", MaxLine: 1 << 20, Notation: fieldtime.DefaultNotation()}
}

const largest = 1 << 30

var (
	_ pipeline.Validator = (*Options)(nil)
	_ pipeline.Endless   = (*Options)(nil)
	_ pipeline.FileUser  = (*Options)(nil)
)

// Files implements pipeline.FileUser.
func (o *Options) Files() pipeline.Files { return pipeline.Files{Reads: o.Path} }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	errs := []error{textfile.CheckPaths(o.Path, o.Follow)}
	mistake := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	switch {
	case o.Format != "json" && o.Format != "lines":
		mistake("format", "wants json or lines, not %q; how times are written is time_format", o.Format)
	case o.Format == "lines" && o.Timestamp != "":
		mistake("timestamp", "lines of text have no field %q: use format: json", o.Timestamp)
	}
	errs = append(errs, o.Check(o.Timestamp)...)
	if o.MaxLine < 1 || o.MaxLine > largest {
		mistake("max_line", "wants between 1 byte and %v, not %v", pipeline.ByteSize(largest), o.MaxLine)
	}
	return errors.Join(errs...)
}

// Endless implements pipeline.Endless.
func (o *Options) Endless() error { return textfile.CheckEnd(o.Follow) }
