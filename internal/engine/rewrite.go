package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// rewriter writes the event time into a column, as times are written there.
type rewriter struct {
	column, format string
	zone           *time.Location // of local times; nil: UTC

	parser *timestamp.Parser // of text
	writer *timestamp.Writer // nil: text counts units
	digits int               // of the fraction that writer writes
	unit   int64             // nanoseconds, of numbers
	buf    []byte
}

var _ pipeline.Transform = (*rewriter)(nil)

// newRewriter returns one for a source's times.
func newRewriter(rewrite config.Rewrite, sourceOptions any) (w *rewriter, err error) {
	w = &rewriter{column: rewrite.Column, format: rewrite.Format}
	if zoned, ok := sourceOptions.(pipeline.Zoned); ok {
		w.zone, err = time.LoadLocation(zoned.Zone())
	}
	return w, err
}

// Apply implements pipeline.Transform.
func (w *rewriter) Apply(_ context.Context, r *pipeline.Record) error {
	if r.Time.IsZero() {
		return nil
	}
	old, ok := r.Lookup(w.column)
	if !ok {
		return pipeline.Permanent(fmt.Errorf("pace: rewrite: the record has no column %q", w.column))
	}
	v, err := w.rewrite(old, playback.EventTime(r.Time))
	if err != nil {
		return pipeline.Permanent(fmt.Errorf("pace: rewrite: column %q: %w", w.column, err))
	}
	r.Set(w.column, v)
	return nil
}

func (w *rewriter) rewrite(old pipeline.Value, ns int64) (pipeline.Value, error) {
	switch old.Kind() {
	case pipeline.KindNull:
		return old, nil
	case pipeline.KindTime:
		return pipeline.Time(time.Unix(0, ns).UTC()), nil
	case pipeline.KindInt, pipeline.KindFloat:
		return w.number(old, ns)
	case pipeline.KindString:
		return w.text(old, ns)
	}
	return old, fmt.Errorf("wants a time, as text or as a number, not %v", old)
}

func (w *rewriter) number(old pipeline.Value, ns int64) (pipeline.Value, error) {
	if w.unit == 0 {
		if err := w.learn(old.String()); err != nil {
			return old, err
		}
	}
	switch {
	case w.unit == 0:
		return old, fmt.Errorf("holds numbers, and format %q is of text", w.parser.Format())
	case old.Kind() == pipeline.KindInt:
		return pipeline.Int(floorDiv(ns, w.unit)), nil
	}
	return pipeline.Float(float64(ns/w.unit) + float64(ns%w.unit)/float64(w.unit)), nil
}

func (w *rewriter) text(old pipeline.Value, ns int64) (pipeline.Value, error) {
	cell := old.Str()
	if w.parser == nil {
		if err := w.learn(cell); err != nil {
			return old, err
		}
	}
	if was, err := w.parser.Parse(cell); err != nil || was == ns {
		return old, err // as it is, if the record was not moved
	}
	w.buf = w.buf[:0]
	switch digits := fractionDigits(cell); {
	case w.unit != 0:
		w.buf = appendUnits(w.buf, ns, w.unit, digits)
	default:
		if w.writer == nil || digits != w.digits {
			writer, err := timestamp.NewWriter(w.parser.Format(), w.zone, digits)
			if err != nil {
				return old, err
			}
			w.writer, w.digits = writer, digits
		}
		w.buf = w.writer.Append(w.buf, ns)
	}
	return pipeline.String(string(w.buf)), nil
}

// learn finds out how times are written in the column.
func (w *rewriter) learn(cell string) (err error) {
	if w.format != "" {
		w.parser, err = timestamp.New(w.format, w.zone)
	} else {
		w.parser, err = timestamp.Find([]string{cell}, w.zone, w.say)
	}
	if err == nil {
		w.unit = int64(timestamp.Unit(w.parser.Format()))
	}
	return err
}

// say returns the option that says how times are written.
func (w *rewriter) say(format string) string {
	shown := "…"
	if format != "" {
		shown = strconv.Quote(format)
	}
	return "rewrite: {" + pipeline.SettingInYAML("column", w.column) + ", format: " + shown + "}"
}

// fractionDigits returns how many digits the fraction of a second has in a
// time: those after the last point or comma, if no part of a date is behind
// them.
func fractionDigits(cell string) int {
	i := strings.LastIndexAny(cell, ".,")
	if i < 0 || strings.ContainsAny(cell[i:], "/ ") && !strings.Contains(cell[:i], ":") {
		return 0
	}
	n := 0
	for n < 9 && i+1+n < len(cell) && cell[i+1+n]-'0' <= 9 {
		n++
	}
	return n
}

// appendUnits appends a time as a count of units, with a fraction of so many
// digits.
func appendUnits(dst []byte, ns, unit int64, digits int) []byte {
	whole := floorDiv(ns, unit)
	rest := ns - whole*unit
	if whole < 0 && rest > 0 { // a fraction counts away from 0
		whole, rest = whole+1, unit-rest
		if whole == 0 {
			dst = append(dst, '-')
		}
	}
	dst = strconv.AppendInt(dst, whole, 10)
	if digits == 0 || unit != 1e9 {
		return dst
	}
	fraction := strconv.AppendInt(nil, unit+rest, 10) // a 1 and nine digits
	return append(append(dst, '.'), fraction[1:1+digits]...)
}

func floorDiv(a, b int64) int64 {
	if q := a / b; a%b < 0 {
		return q - 1
	}
	return a / b
}

// Close implements pipeline.Transform.
func (w *rewriter) Close() error { return nil }
