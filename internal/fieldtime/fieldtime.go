// Package fieldtime is for sources whose records have their event time in a
// field of their value.
package fieldtime

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
	"unsafe"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// Notation is the options that say how times are written. It is embedded,
// tagged ",inline", in the options of a source, beside the one that names the
// field: timestamp.
type Notation struct {
	TimeFormat string        `yaml:"time_format" doc:"how times are written: rfc3339, unix, unix_ms, unix_us, unix_ns or a pattern such as \"%d/%m/%Y %H:%M:%S\"; default: found from the first records"`
	Timezone   string        `yaml:"timezone" doc:"the IANA name of the zone of times that are written without one"`
	DST        timestamp.DST `yaml:"dst" doc:"how to take local times that the clocks of the timezone show twice, or skip: as the earlier or the later of the two instants that they could be, or reject them; default: the first of two, and those that are skipped as much later as they are after the gap's start"`
}

// DefaultNotation returns the defaults.
func DefaultNotation() Notation { return Notation{Timezone: "UTC"} }

var _ pipeline.Zoned = (*Notation)(nil)

// Zone implements pipeline.Zoned.
func (o *Notation) Zone() string { return o.Timezone }

// Check returns what is wrong with the options, each a pipeline.FieldError.
func (o *Notation) Check(field string) (errs []error) {
	mistake := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	const useless = "is of use only with timestamp, the field with the event time"
	if field == "" && o.TimeFormat != "" {
		mistake("time_format", useless)
	}
	if field == "" && o.DST != timestamp.Forward {
		mistake("dst", useless)
	}
	if _, err := timestamp.New(o.TimeFormat, nil); o.TimeFormat != "" && err != nil {
		mistake("time_format", "%w", err)
	}
	if _, err := time.LoadLocation(o.Timezone); err != nil || o.Timezone == "" {
		mistake("timezone", "wants an IANA name such as UTC or Europe/Berlin, not %q", o.Timezone)
	}
	return errs
}

// Reader reads event times. How they are written is found once, unless the
// options say it.
type Reader struct {
	written *Notation
	field   fields.Ref
	parser  *timestamp.Parser // nil: not found yet
	loc     *time.Location
	scratch []byte
}

// New returns a reader of a field's times.
func New(field string, o *Notation) (*Reader, error) {
	r := &Reader{written: o, field: fields.Ref{Name: field}}
	var err error
	if r.loc, err = time.LoadLocation(o.Timezone); err != nil {
		return nil, err
	}
	if o.TimeFormat != "" {
		if r.parser, err = timestamp.New(o.TimeFormat, r.loc); err != nil {
			return nil, err
		}
		r.parser.SetDST(o.DST)
	}
	return r, nil
}

// Knows reports whether it is known how the times are written.
func (r *Reader) Knows() bool { return r.parser != nil }

// Learn finds out how times are written. An error asks for time_format.
func (r *Reader) Learn(times []string) error {
	parser, err := timestamp.Find(times, r.loc, sayFormat)
	if err != nil {
		return fmt.Errorf("field %q: %w", r.field.Name, err)
	}
	parser.SetDST(r.written.DST)
	parser.Odd() // they will be read again, and counted then
	r.parser = parser
	return nil
}

func sayFormat(format string) string { return pipeline.SettingInYAML("time_format", format) }

var errNoFormat = errors.New("how its times are written could not be found out, since none of the first records could be read; say it with time_format")

// Set sets a record's event time.
func (r *Reader) Set(rec *pipeline.Record) error {
	text, err := r.Text(rec)
	if err != nil {
		return err
	}
	if r.parser == nil {
		return fmt.Errorf("field %q: %w", r.field.Name, errNoFormat)
	}
	ns, err := r.parser.Parse(unsafe.String(unsafe.SliceData(text), len(text)))
	if err != nil {
		return fmt.Errorf("field %q: %w", r.field.Name, err)
	}
	rec.Time = time.Unix(0, ns).UTC()
	return nil
}

// Text returns a record's event time as it is written. It is good until the
// next call.
func (r *Reader) Text(rec *pipeline.Record) ([]byte, error) {
	fs, err := fields.Of(rec)
	if err != nil {
		return nil, err
	}
	i, err := r.field.Find(fs)
	if err != nil {
		return nil, err
	}
	switch v := fs[i].Value; v.Kind() {
	case pipeline.KindString:
		s := v.Str()
		return unsafe.Slice(unsafe.StringData(s), len(s)), nil
	case pipeline.KindInt:
		r.scratch = strconv.AppendInt(r.scratch[:0], v.Int(), 10)
	case pipeline.KindFloat:
		r.scratch = appendNumber(r.scratch[:0], v.Float())
	default:
		return nil, fmt.Errorf("field %q, the event time, is of type %v", r.field.Name, v.Kind())
	}
	return r.scratch, nil
}

// appendNumber appends a number without an exponent, nor a fraction if it is
// whole: 1.7e9 is 1700000000.
func appendNumber(dst []byte, f float64) []byte {
	if math.Abs(f) >= 1<<63 {
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// Warn logs how many local times were read that the clocks show twice, or skip.
func (r *Reader) Warn(log *slog.Logger) {
	if r.parser == nil {
		return
	}
	if n := r.parser.Odd(); n > 0 {
		log.Warn("local times that the clocks show twice, or skip", "timezone", r.written.Timezone, "times", n, "dst", r.written.DST.Name())
	}
}
