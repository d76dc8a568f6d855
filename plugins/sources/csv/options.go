package csv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// Options are the options of the csv source.
type Options struct {
	_ struct{} `doc:"reads the rows of CSV files (RFC 4180), one file after another, or merged by their event times" example:"csv: {path: data/readings.csv, timestamp: timestamp}"`

	Path       []string             `yaml:"path" doc:"file or glob pattern, or a list of them; - is standard input; names that end in .gz or .zst are decompressed"`
	FileList   []File               `yaml:"files" doc:"instead of path: files that differ from each other, each with what is its own"`
	Merge      bool                 `yaml:"merge" doc:"read all files at once, on one time line: their records are put in the order of their event times; of equal ones those of the file that is named first come first"`
	Follow     bool                 `yaml:"follow" doc:"read on as the file grows, and when another one gets its name, as tail -F does; the pipeline then goes on until it is stopped"`
	Delimiter  string               `yaml:"delimiter" doc:"the character between fields, such as \";\"; a tab is \"\\t\" or tab"`
	Comment    string               `yaml:"comment" doc:"what a line begins with that is no row; absent: there are no such lines"`
	Header     bool                 `yaml:"header" doc:"whether the first row names the columns"`
	Columns    []string             `yaml:"columns" doc:"the names of the columns, for header: false"`
	Timestamp  []string             `yaml:"timestamp" doc:"the column with the event time, or a list of columns, such as [Date, Time], that are read with a blank between them; default: the only one whose first cells all are times (numbers: of the years 1990 to 2099, and rising); if there are several, records have no event time, and a paced pipeline asks which"`
	Format     string               `yaml:"format" doc:"how times are written: rfc3339, unix, unix_ms, unix_us, unix_ns or a pattern such as \"%d/%m/%Y %H:%M:%S\" or \"%b %d, %Y\"; default: found from the first rows"`
	Timezone   string               `yaml:"timezone" doc:"the IANA name of the zone of times that are written without one"`
	DST        timestamp.DST        `yaml:"dst" doc:"how to take local times that the clocks of the timezone show twice, or skip: as the earlier or the later of the two instants that they could be, or reject them; default: the first of two, and those that are skipped as much later as they are after the gap's start"`
	Decimal    string               `yaml:"decimal" doc:"what stands before the fraction of a number: \".\" or \",\""`
	Types      pipeline.Pairs[kind] `yaml:"types" doc:"the types of columns; the others' are found from the first rows"`
	InferRows  int                  `yaml:"infer_rows" doc:"how many rows of a file, of 4 MiB at most, are looked at to find types and the format of times"`
	NullValues []string             `yaml:"null_values" doc:"cells that mean no value, as an empty cell always does"`
	MaxRow     pipeline.ByteSize    `yaml:"max_row" doc:"the longest row; a longer one is an error of that row, of which its first 1024 bytes are kept, for dead letters too"`
}

func defaults() Options {
	return Options{Delimiter: ",", Decimal: ".", Header: true, Timezone: "UTC", InferRows: 1000, MaxRow: 1 << 20}
}

const largest = 1 << 30 // a row's offsets are 32 bits wide

var (
	_ pipeline.Validator  = (*Options)(nil)
	_ pipeline.Endless    = (*Options)(nil)
	_ pipeline.FileUser   = (*Options)(nil)
	_ pipeline.Zoned      = (*Options)(nil)
	_ pipeline.TopicNamer = (*Options)(nil)
)

// Topics implements pipeline.TopicNamer.
func (o *Options) Topics() (names []string, always bool) {
	always = true
	for _, f := range o.groups() {
		if f.Topic == "" {
			always = false
		} else {
			names = append(names, f.Topic)
		}
	}
	return names, always
}

// Zone implements pipeline.Zoned.
func (o *Options) Zone() string { return o.Timezone }

// Files implements pipeline.FileUser.
func (o *Options) Files() pipeline.Files {
	var files pipeline.Files
	for _, f := range o.groups() {
		files.Reads = append(files.Reads, f.Path...)
	}
	return files
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	mistake := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	switch {
	case len(o.FileList) == 0:
		errs = append(errs, textfile.CheckPaths(o.Path, o.Follow))
	case len(o.Path) > 0:
		mistake("path", "files are named by path or by files, not by both")
	case o.Follow:
		mistake("follow", "follows one file, which path names")
	}
	if o.Merge && o.Follow {
		mistake("merge", "a file that is followed has no end to be merged to")
	}
	if o.Decimal != "." && o.Decimal != "," {
		mistake("decimal", "wants \".\" or \",\", not %q", o.Decimal)
	} else if o.Decimal == o.delimiter() {
		mistake("decimal", "%q is between the fields already; set delimiter too, such as delimiter: \";\"", o.Decimal)
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
	for _, name := range o.Timestamp {
		if !o.Header && !slices.Contains(o.Columns, name) {
			mistake("timestamp", "columns doesn't name %q", name)
		}
	}
	if err := checkFormat(o.Format); err != nil {
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

// File is files of their own kind, among others.
type File struct {
	Path      []string             `yaml:"path" doc:"file or glob pattern, or a list of them"`
	Timestamp []string             `yaml:"timestamp" doc:"the column with the event time, or a list of columns; the default is that of the others"`
	Format    string               `yaml:"format" doc:"how times are written; the default is that of the others"`
	Types     pipeline.Pairs[kind] `yaml:"types" doc:"the types of columns, beside those of the others"`
	Key       fields.Text          `yaml:"key" doc:"the records' key; a sink that is told a key of its own goes by that"`
	Topic     string               `yaml:"topic" doc:"the topic that the records go to, at a Kafka sink; the default is the sink's"`
}

// Validate implements pipeline.Validator.
func (f *File) Validate() error {
	errs := []error{textfile.CheckPaths(f.Path, false)}
	if err := checkFormat(f.Format); err != nil {
		errs = append(errs, &pipeline.FieldError{Option: "format", Err: err})
	}
	return errors.Join(errs...)
}

func checkFormat(format string) error {
	if format == "" {
		return nil
	}
	_, err := timestamp.New(format, nil)
	return err
}

// groups are the options of each kind of files.
func (o *Options) groups() []File {
	if len(o.FileList) == 0 {
		return []File{{Path: o.Path}}
	}
	return o.FileList
}

// of returns the options of one kind of files.
func (o Options) of(f File) Options {
	o.Path = f.Path
	if len(f.Timestamp) > 0 {
		o.Timestamp = f.Timestamp
	}
	if f.Format != "" {
		o.Format = f.Format
	}
	for _, t := range o.Types {
		if !slices.ContainsFunc(f.Types, func(own pipeline.Pair[kind]) bool { return own.Name == t.Name }) {
			f.Types = append(f.Types[:len(f.Types):len(f.Types)], t)
		}
	}
	o.Types = f.Types
	return o
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
