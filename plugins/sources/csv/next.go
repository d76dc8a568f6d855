package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// openNext opens the next file at the first row that is to be read, and leaves
// no input if there is none. After the last file it returns io.EOF.
func (s *source) openNext(ctx context.Context) error {
	if s.next == len(s.files) {
		return io.EOF
	}
	name := s.files[s.next].name
	s.next++
	var err error
	if s.input, err = openInput(ctx, name, s.env.Stdin); err != nil {
		return err
	}
	h, err := s.input.readHead(ctx, &s.options)
	if err != nil {
		return err
	}
	if len(h.names) == 0 {
		s.env.Log.Warn("the file is empty: it has no header", "file", name)
		return s.Close()
	}
	s.files[s.next-1].measure(s.input)
	if err := s.prepare(name, h); err != nil {
		return err
	}
	if at, ok := s.env.Position.Last(name, 0); ok && !s.input.mayBlock {
		return s.resume(ctx, at)
	}
	if s.scanner, err = s.input.begin(ctx, s.options.dialect()); err != nil || !s.options.Header {
		return err
	}
	_, err = s.input.next(ctx, s.scanner, 0)
	return err
}

// prepare makes the plan of a file, and finds the event time in the first.
func (s *source) prepare(file string, h *head) error {
	first := s.plan == nil
	for _, t := range s.options.Types {
		if first && !slices.Contains(h.names, t.Name) {
			return fmt.Errorf("%s has no column %q for types; it has %s", file, t.Name, quoteAll(h.names))
		}
	}
	if first && len(h.renamed) > 0 {
		s.env.Log.Warn("columns without a name of their own are named by their place", "file", file, "names", strings.Join(h.renamed, ", "))
	}
	undecided := !s.event.known
	if err := s.event.find(file, h); err != nil {
		return err
	}
	if undecided && s.event.known && s.event.column == "" && s.env.Paced {
		return pipeline.Permanent(fmt.Errorf("%s has no column whose first cells all are times, and pace: goes by one; if there is one, name it with timestamp; the columns are %s", file, quoteAll(h.names)))
	}
	s.plan = s.newPlan(h)
	s.env.Log.Debug("reading", "file", file, "columns", s.plan.String())
	return nil
}

// resume goes on after the row at a position.
func (s *source) resume(ctx context.Context, at pipeline.Origin) error {
	err := s.Close()
	if err != nil {
		return err
	}
	if s.input, err = openInput(ctx, at.Source, nil); err != nil {
		return err
	}
	s.scanner, err = s.input.seek(ctx, s.options.dialect(), at)
	if err == nil {
		var st state
		if st, err = s.input.next(ctx, s.scanner, 0); st == finished {
			err = errReplaced
		}
	}
	if errors.Is(err, errReplaced) {
		return fmt.Errorf("can't resume: %v, the last row done, is not there (byte %d); has the file been replaced or cut? run without resume to start over", at, at.Offset)
	}
	return err
}

var errReplaced = errors.New("the file is not the one it was")

// seek returns a scanner at the row at a position, which must follow a line
// end or be the first.
func (in *input) seek(ctx context.Context, d dialect, at pipeline.Origin) (*scanner, error) {
	before := max(at.Offset-1, 0)
	err := in.file.SkipTo(ctx, before)
	if err == io.ErrUnexpectedEOF {
		return nil, errReplaced
	}
	if err != nil {
		return nil, err
	}
	in.text = before
	s := newScanner(d, at.Offset, at.Line)
	for len(s.block) == 0 && !s.ended {
		if err := in.fill(ctx, s, 0); err != nil {
			return nil, err
		}
	}
	if at.Offset == 0 {
		return s, nil
	}
	first := at.Offset == int64(len(byteOrderMark)) && len(s.block) > 0 && s.block[0] == byteOrderMark[2]
	if len(s.block) == 0 || s.block[0] != '\n' && !first {
		return nil, errReplaced
	}
	s.pos = 1
	return s, nil
}
