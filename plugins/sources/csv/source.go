// Package csv is the csv source: it reads the rows of CSV files, one file
// after another, in flat memory.
//
// A scanner splits text into rows (RFC 4180); a plan, made from the first rows
// of a file, turns them into records. The text is read into blocks of which
// all strings are slices, so a row costs no allocation.
package csv

import (
	"context"
	"errors"

	pipeline "github.com/pipeline-daemon/pipeline"
)

func init() { pipeline.RegisterSource("csv", defaults(), open) }

var (
	_ pipeline.Source     = (*source)(nil)
	_ pipeline.Progresser = (*source)(nil)
	_ pipeline.Ender      = (*source)(nil)
)

// source reads files. At first, and between two of them, it has no input.
type source struct {
	options Options
	env     pipeline.Env
	event   eventTime
	columns map[string]column // those whose types are known, of all files
	files   files
	next    int // the file after the one that is being read

	input   *input
	scanner *scanner
	plan    *plan
}

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	s := &source{options: o, env: env, columns: map[string]column{}}
	for _, t := range o.Types {
		s.columns[t.Name] = column{name: t.Name, kind: t.Value, declared: true}
	}
	var err error
	if s.event, err = newEventTime(&o); err != nil {
		return nil, err
	}
	if s.files, err = list(o.Path); err != nil {
		return nil, err
	}
	// What a pipe brings may be long in coming: Read waits for it.
	if s.files[0].size >= 0 {
		if err := s.openNext(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Read implements pipeline.Source. A batch has rows of one file only.
func (s *source) Read(ctx context.Context, b *pipeline.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for !b.Full() {
		if s.input == nil {
			if len(b.Records) > 0 {
				return nil
			}
			if err := s.openNext(ctx); err != nil {
				return err
			}
			continue
		}
		switch s.scanner.scan() {
		case scanned:
			s.add(b)
		case needMore:
			if len(b.Records) > 0 && s.input.mayBlock {
				return nil
			}
			if err := s.fill(ctx); err != nil && len(b.Records) == 0 {
				return err
			} else if err != nil {
				return nil // the next Read will meet the error again
			}
		case finished:
			if err := s.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds the row that has been scanned as a record.
func (s *source) add(b *pipeline.Batch) {
	row := &s.scanner.row
	r := b.Add(len(row.raw))
	r.Raw = row.raw[:len(row.raw):len(row.raw)]
	r.Origin = pipeline.Origin{Source: s.input.name, Offset: row.offset, Line: row.line}
	err := row.err
	if err == nil {
		err = s.plan.convert(row, r)
	}
	if err != nil {
		r.Fail(err)
	}
}

func (s *source) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.input.fill(ctx, s.scanner, 0)
	s.files[s.next-1].measure(s.input)
	return err
}

// Progress implements pipeline.Progresser.
func (s *source) Progress(o pipeline.Origin) (float64, bool) { return s.files.progress(o) }

// Close implements pipeline.Source.
func (s *source) Close() error {
	if s.input == nil {
		return nil
	}
	in := s.input
	s.input = nil
	return in.Close()
}
