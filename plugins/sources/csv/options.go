package csv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// Options are the options of the csv source.
type Options struct {
	_ struct{} `doc:"reads the rows of CSV files (RFC 4180), one file after another" example:"csv: {path: data/readings.csv, timestamp: timestamp}"`

	Path       []string             `yaml:"path" doc:"file or glob pattern, or a list of them; - is standard input; names that end in .gz or .zst are decompressed"`
	Follow     bool                 `yaml:"follow" doc:"read on as the file grows, and when another one gets its name, as tail -F does; the pipeline then goes on until it is stopped"`
	Delimiter  string               `yaml:"delimiter" doc:"the character between fields, such as \";\"; a tab is \"\\t\" or tab"`
	Comment    string               `yaml:"comment" doc:"what a line begins with that is no row; absent: there are no such lines"`
	Header     bool                 `yaml:"header" doc:"whether the first row names the columns"`
	Columns    []string             `yaml:"columns" doc:"the names of the columns, for header: false"`
	Timestamp  string               `yaml:"timestamp" doc:"the column with the event time; default: the only one whose first cells all are times (numbers: of the years 1990 to 2099, and rising); if there are several, records have no event time, and a paced pipeline asks which"`
	Format     string               `yaml:"format" doc:"how times are written: rfc3339, unix, unix_ms, unix_us, unix_ns or a pattern such as \"%d/%m/%Y %H:%M:%S\"; default: found from the first rows"`
	Timezone   string               `yaml:"timezone" doc:"the IANA name of the zone of times that are written without one"`
	Types      pipeline.Pairs[kind] `yaml:"types" doc:"the types of columns; the others' are found from the first rows"`
	InferRows  int                  `yaml:"infer_rows" doc:"how many rows of a file, of 4 MiB at most, are looked at to find types and the format of times"`
	NullValues []string             `yaml:"null_values" doc:"cells that mean no value, as an empty cell always does"`
	MaxRow     pipeline.ByteSize    `yaml:"max_row" doc:"the longest row; a longer one is an error of that row, of which its first 1024 bytes are kept, for dead letters too"`
}

func defaults() Options {
	return Options{Delimiter: ",", Header: true, Timezone: "UTC", InferRows: 1000, MaxRow: 1 << 20}
}

const largest = 1 << 30 // a row's offsets are 32 bits wide

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
	delimiter := o.delimiter()
	if len(delimiter) != 1 || strings.Contains("\"\r\n\x00", delimiter) || delimiter[0] >= 0x80 {
		mistake("delimiter", "wants one ASCII character, or tab, not %q", o.Delimiter)
	}
	if strings.ContainsAny(o.Comment, "\"\r\n") || o.Comment != "" && strings.HasPrefix(o.Comment, delimiter) {
		mistake("comment", "a row could begin with %q too", o.Comment)
	}
	switch {
	case !o.Header && len(o.Columns) == 0:
		mistake("header", "without a header the columns must be named: columns: [timestamp, value]")
	case o.Header && len(o.Columns) > 0:
		mistake("columns", "names columns that the header names; say header: false if the file has none")
	}
	for i, name := range o.Columns {
		if name == "" || slices.Contains(o.Columns[:i], name) {
			mistake("columns", "every column needs a name of its own, unlike %q", name)
		}
	}
	if !o.Header && o.Timestamp != "" && !slices.Contains(o.Columns, o.Timestamp) {
		mistake("timestamp", "columns doesn't name %q", o.Timestamp)
	}
	if _, err := timestamp.New(o.Format, nil); o.Format != "" && err != nil {
		mistake("format", "%w", err)
	}
	if _, err := time.LoadLocation(o.Timezone); err != nil || o.Timezone == "" {
		mistake("timezone", "wants an IANA name such as UTC or Europe/Berlin, not %q", o.Timezone)
	}
	if o.InferRows < 1 {
		mistake("infer_rows", "wants at least 1, not %d", o.InferRows)
	}
	if o.MaxRow < 1 || o.MaxRow > largest {
		mistake("max_row", "wants between 1 byte and %v, not %v", pipeline.ByteSize(largest), o.MaxRow)
	}
	return errors.Join(errs...)
}

// delimiter is Delimiter without the ways to write a tab on a command line.
func (o *Options) delimiter() string {
	if o.Delimiter == "tab" || o.Delimiter == `\t` {
		return "\t"
	}
	return o.Delimiter
}

func (o *Options) dialect() dialect {
	return dialect{delimiter: o.delimiter()[0], comment: o.Comment, maxRow: int(o.MaxRow)}
}

// Endless implements pipeline.Endless.
func (o *Options) Endless() error { return textfile.CheckEnd(o.Follow) }
