// Package file is the file source: it reads the lines of files, one file after
// another, as JSON or as text, in flat memory.
//
// A line of JSON can be any value; a struct's fields are the record's. Empty
// lines are passed over. A line that is not JSON fails alone, with its file and
// line.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unsafe"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fieldtime"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

func init() { pipeline.RegisterSource("file", defaults(), open) }

var (
	_ pipeline.Source     = (*source)(nil)
	_ pipeline.Progresser = (*source)(nil)
	_ pipeline.Ender      = (*source)(nil)
	_ pipeline.Rereader   = (*source)(nil)

	_ textfile.Format = (*format)(nil)
	_ textfile.Rows   = (*format)(nil)
)

type source struct {
	*textfile.Source
	format *format
	log    *slog.Logger
}

// Close implements pipeline.Source.
func (s *source) Close() error {
	if s.format.event != nil {
		s.format.event.Warn(s.log)
	}
	return s.Source.Close()
}

// format is how lines become records, in all files alike.
type format struct {
	options Options
	json    bool
	max     int
	decoder jsonvalue.Decoder
	event   *fieldtime.Reader // nil: records have no event time
}

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	if env.Paced && o.Timestamp == "" {
		return nil, pipeline.Permanent(errors.New("pace: goes by the event time: say with timestamp which field of format: json holds it, or leave pace out"))
	}
	f := &format{options: o, json: o.Format == "json", max: int(o.MaxLine)}
	var err error
	if o.Timestamp != "" {
		if f.event, err = fieldtime.New(o.Timestamp, &f.options.Notation); err != nil {
			return nil, err
		}
	}
	s, err := textfile.Open(ctx, env, textfile.Config{Groups: []textfile.Group{{Paths: o.Path, Format: f}}, Follow: o.Follow, MaxRow: f.max})
	if err != nil {
		return nil, err
	}
	return &source{s, f, env.Log}, nil
}

// Header implements textfile.Rows.
func (f *format) Header() int { return 0 }

// Scan implements textfile.Rows.
func (f *format) Scan(t *textfile.Text) textfile.State {
	_, size, st := f.next(t)
	if st == textfile.Found {
		t.Advance(size, min(int64(size), 1))
	}
	return st
}

// next finds the next line that is a record. One that is too long has the size
// 0 if its end is not known.
func (f *format) next(t *textfile.Text) (line []byte, size int, st textfile.State) {
	for {
		line, size, st = t.Peek(f.max)
		if st == textfile.Found && f.json && size > 0 && len(bytes.TrimLeft(line, " \t")) == 0 {
			t.Advance(size, 1)
			continue
		}
		return line, size, st
	}
}

// Fill implements textfile.Rows.
func (f *format) Fill(t *textfile.Text, b *pipeline.Batch, at pipeline.Origin) textfile.State {
	for !b.Full() {
		line, size, st := f.next(t)
		if st != textfile.Found {
			return st
		}
		r := b.Add(min(len(line), f.max))
		r.Raw, r.Origin = line[:len(line):len(line)], at
		r.Origin.Offset, r.Origin.Line = t.Offset, t.Line
		t.Advance(size, min(int64(size), 1))
		if err := f.convert(r); err != nil {
			r.Fail(err)
		}
	}
	return textfile.Found
}

// longLineKept is how many bytes are kept of a line that is too long.
const longLineKept = 1 << 10

// convert fills in a record's value and time.
func (f *format) convert(r *pipeline.Record) error {
	if len(r.Raw) > f.max {
		err := fmt.Errorf("the line is longer than max_line (%v)", f.options.MaxLine)
		if len(r.Raw) > longLineKept {
			err = fmt.Errorf("%w; its first %d bytes are kept", err, longLineKept)
		}
		r.Raw = bytes.Clone(r.Raw[:min(len(r.Raw), longLineKept)])
		return err
	}
	if !f.json {
		r.Value = pipeline.String(unsafe.String(unsafe.SliceData(r.Raw), len(r.Raw)))
		return nil
	}
	if err := f.decoder.Decode(r.Raw, &r.Value); err != nil {
		return err
	}
	if f.event == nil {
		return nil
	}
	return f.event.Set(r)
}

// End implements pipeline.Ender. It knows the end if the last file is a plain
// one of several lines, and its last line is whole.
func (s *source) End() (time.Time, bool) {
	last, ok := s.LastLines()
	if !ok || s.format.event == nil || !s.format.event.Knows() {
		return time.Time{}, false
	}
	r := pipeline.Record{Raw: last[0].Line}
	err := s.format.convert(&r)
	return r.Time, err == nil
}
