// Package csv is the csv source: it reads the rows of CSV files, one file
// after another, in flat memory.
//
// The first rows of a file say the types of its columns, and which of them
// holds the event time, in which format, unless options do. A later row that
// does not fit fails alone, with its file and line.
//
// A position is the place of a row in its file, so a run that is resumed goes
// on with the next row, in a compressed file too.
package csv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

func init() { pipeline.RegisterSource("csv", defaults(), open) }

var (
	_ pipeline.Source     = (*source)(nil)
	_ pipeline.Progresser = (*source)(nil)
	_ pipeline.Ender      = (*source)(nil)
	_ pipeline.Rereader   = (*source)(nil)

	_ textfile.Format = (*format)(nil)
	_ textfile.Rows   = (*rows)(nil)
)

type source struct {
	*textfile.Source
	log     *slog.Logger
	formats []*format
}

// format is how files of one kind become records; it learns from file to file.
type format struct {
	options Options
	file    File // what is its own
	env     pipeline.Env
	timed   bool // records must have an event time
	event   eventTime
	columns map[string]column // those whose types are known, of all files
	plan    *plan             // of the latest file
}

// rows are the rows of one file.
type rows struct {
	scanner
	plan   *plan
	header int
	key    fields.Text
	keys   []byte // room for keys
	topic  string
}

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	s := &source{log: env.Log}
	c := textfile.Config{Follow: o.Follow, Merge: o.Merge, MaxRow: int(o.MaxRow)}
	for _, file := range o.groups() {
		f, err := newFormat(env, o, file)
		if err != nil {
			return nil, err
		}
		s.formats = append(s.formats, f)
		c.Groups = append(c.Groups, textfile.Group{Paths: file.Path, Format: f})
	}
	var err error
	if s.Source, err = textfile.Open(ctx, env, c); err != nil {
		return nil, err
	}
	return s, nil
}

func newFormat(env pipeline.Env, o Options, file File) (*format, error) {
	f := &format{options: o.of(file), file: file, env: env, timed: env.Paced || o.Merge, columns: map[string]column{}}
	for _, t := range f.options.Types {
		f.columns[t.Name] = column{name: t.Name, kind: t.Value, point: o.Decimal[0], declared: true}
	}
	var err error
	f.event, err = newEventTime(&f.options, env.Setting)
	return f, err
}

// Close implements pipeline.Source.
func (s *source) Close() error {
	for _, f := range s.formats {
		if f.event.parser == nil {
			continue
		}
		if n := f.event.parser.Odd(); n > 0 {
			s.log.Warn("local times that the clocks show twice, or skip", "timezone", f.options.Timezone, "times", n, "dst", f.options.DST.Name())
		}
	}
	return s.Source.Close()
}

// Begin implements textfile.Format.
func (f *format) Begin(ctx context.Context, text *textfile.Head) (textfile.Rows, error) {
	h, err := readHead(ctx, text, &f.options)
	if err != nil {
		return nil, err
	}
	r := &rows{scanner: scanner{dialect: f.options.dialect()}, key: f.file.Key, topic: f.file.Topic}
	if f.options.Header {
		r.header = 1
	}
	if len(h.names) == 0 {
		f.env.Log.Warn("the file is empty: it has no header", "file", text.Name)
		return r, nil
	}
	if err := f.prepare(text.Name, h); err != nil {
		return nil, err
	}
	r.plan = f.plan
	return r, nil
}

// prepare makes the plan of a file, and finds the event time in the first.
func (f *format) prepare(file string, h *head) error {
	first := f.plan == nil
	for _, t := range f.declared() {
		if first && !slices.Contains(h.names, t.Name) {
			return fmt.Errorf("%s has no column %q for types; it has %s%s", file, t.Name, quoteAll(h.names), delimiterHint(h.names, f.env.Setting))
		}
	}
	if first && len(h.renamed) > 0 {
		f.env.Log.Warn("columns without a name of their own are named by their place", "file", file, "names", strings.Join(h.renamed, ", "))
	}
	if first && f.options.Header && looksLikeRow(h.names) {
		f.env.Log.Warn(fmt.Sprintf("the header looks like a row; if the file has none, say %s and name the columns, such as [timestamp, value], with %s",
			f.env.Setting("header", "false"), f.env.Setting("columns", "")), "file", file, "header", strings.Join(h.names, ", "))
	}
	if err := f.findTime(file, h); err != nil {
		return err
	}
	f.plan = f.newPlan(h)
	if first && len(h.names) == 1 && otherDelimiter(h.names[0]) != "" {
		f.env.Log.Warn("the header is one column; "+askDelimiter(otherDelimiter(h.names[0]), f.env.Setting), "file", file, "column", h.names[0])
	}
	f.env.Log.Debug("reading", "file", file, "columns", f.plan.String())
	return nil
}

// declared are the types that a file must have the columns of: with files, those
// of all may be of some.
func (f *format) declared() pipeline.Pairs[kind] {
	if len(f.options.FileList) > 0 {
		return f.file.Types
	}
	return f.options.Types
}

// findTime finds the event time, which is needed to release records in time, or
// to merge them.
func (f *format) findTime(file string, h *head) error {
	undecided := !f.event.known
	err := f.event.find(file, h)
	var doubt doubtError
	switch {
	case errors.As(err, &doubt) && !f.timed:
		f.event.known = true
		f.env.Log.Info("records have no event time, as it can't be told", "because", doubt.Error())
		return nil
	case err == nil && undecided && f.event.known && len(f.event.columns) == 0 && f.timed:
		user := "pace"
		if f.options.Merge {
			user = "merge"
		}
		return pipeline.Permanent(f.event.none(file, h, user))
	}
	return err
}

// Header implements textfile.Rows.
func (r *rows) Header() int { return r.header }

// Scan implements textfile.Rows.
func (r *rows) Scan(t *textfile.Text) textfile.State {
	r.Text = t
	return r.scan()
}

// Fill implements textfile.Rows.
func (r *rows) Fill(t *textfile.Text, b *pipeline.Batch, at pipeline.Origin) textfile.State {
	r.Text = t
	for !b.Full() {
		if st := r.scan(); st != textfile.Found {
			return st
		}
		r.add(b, at)
	}
	return textfile.Found
}

// add adds the row that has been scanned as a record.
func (r *rows) add(b *pipeline.Batch, at pipeline.Origin) {
	row := &r.row
	rec := b.Add(len(row.raw))
	rec.Raw = row.raw[:len(row.raw):len(row.raw)]
	at.Offset, at.Line = row.offset, row.line
	rec.Origin = at
	err := row.err
	if err == nil {
		err = r.plan.convert(row, rec)
	}
	rec.Topic = r.topic
	if err == nil && r.key.Given() {
		err = r.setKey(rec)
	}
	if err != nil {
		rec.Fail(err)
	}
}

const (
	keysSize = 16 << 10
	keySize  = 64 // what most keys fit into
)

// setKey gives a record its key, in memory that is not used again.
func (r *rows) setKey(rec *pipeline.Record) (err error) {
	if cap(r.keys)-len(r.keys) < keySize {
		r.keys = make([]byte, 0, keysSize)
	}
	if r.keys, rec.Key, err = r.key.Append(r.keys, rec); err != nil {
		err = fmt.Errorf("key: %w", err)
	}
	return err
}
