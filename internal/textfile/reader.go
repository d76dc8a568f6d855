package textfile

import (
	"context"
	"errors"
	"fmt"
	"io"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// reader reads one file. It has no input before it is opened, nor after the
// file's end.
type reader struct {
	source *Source
	file   *file

	input *input
	text  *Text
	rows  Rows
	at    pipeline.Origin // of the file's records, but for the place in it
}

// read adds rows to b until it is full or the file ends. Once b has some, it
// doesn't wait for more.
func (r *reader) read(ctx context.Context, b *pipeline.Batch) error {
	for !b.Full() {
		switch r.rows.Fill(r.text, b, r.at) {
		case NeedMore:
			if len(b.Records) > 0 && r.input.mayBlock {
				return nil
			}
			if err := r.fill(ctx); err != nil && len(b.Records) == 0 {
				return err
			} else if err != nil {
				return nil // the next read will meet the error again
			}
		case Finished:
			return r.close()
		}
	}
	return nil
}

func (r *reader) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := r.input.fill(ctx, r.text, 0)
	r.file.measure(r.input)
	return err
}

// open opens the file at the first row that is to be read.
func (r *reader) open(ctx context.Context) error {
	s, f := r.source, r.file
	var err error
	if r.input, err = s.openFile(ctx, f); err != nil {
		return err
	}
	h, err := r.input.head(ctx, s.config.MaxRow)
	if err != nil {
		return err
	}
	if r.rows, err = f.format.Begin(ctx, h); err != nil {
		return err
	}
	f.measure(r.input)
	r.at = pipeline.Origin{Source: f.name}
	if s.config.Follow {
		r.at.Partition = h.id
	}
	if at, ok := s.env.Position.Last(r.at.Source, r.at.Partition); ok && (f.follow || !r.input.mayBlock) {
		return r.resume(ctx, at)
	}
	r.input.record = 0
	if r.text, err = r.input.begin(ctx); err != nil {
		return err
	}
	_, err = r.skip(ctx, r.rows.Header())
	return err
}

// openFile opens a file at its start.
func (s *Source) openFile(ctx context.Context, f *file) (*input, error) {
	if f.follow {
		return s.openGrowing(ctx, f, 0)
	}
	return openInput(ctx, f.path, s.env.Stdin)
}

// skip goes on after n rows, and reports whether there are so many.
func (r *reader) skip(ctx context.Context, n int) (bool, error) {
	for n > 0 {
		switch r.rows.Scan(r.text) {
		case NeedMore:
			if err := r.fill(ctx); err != nil {
				return false, err
			}
		case Found:
			n--
		case Finished:
			return false, nil
		}
	}
	return true, nil
}

var errReplaced = errors.New("the file is not the one it was")

// resume goes on after the row at a position.
func (r *reader) resume(ctx context.Context, at pipeline.Origin) error {
	err := r.seek(ctx, at)
	if errors.Is(err, errReplaced) {
		return fmt.Errorf("can't resume: %v, the last row done, is not there (byte %d); has the file been replaced or cut? run without resume to start over", at, at.Offset)
	}
	return err
}

// seek opens the file anew after the row at a position, which must follow a
// line end or be the first.
func (r *reader) seek(ctx context.Context, at pipeline.Origin) error {
	if err := r.close(); err != nil {
		return err
	}
	before := max(at.Offset-1, 0)
	if r.file.follow && sizeOf(r.file.path) <= at.Offset {
		return errReplaced // rather than wait for it
	}
	err := r.openAt(ctx, before)
	if err == io.ErrUnexpectedEOF {
		return errReplaced
	}
	if err != nil {
		return err
	}
	r.input.text = before
	r.text = NewText(before, at.Line)
	for len(r.text.Rest()) == 0 && !r.text.Ended() {
		if err := r.input.fill(ctx, r.text, 0); err != nil {
			return err
		}
	}
	if at.Offset > 0 {
		rest := r.text.Rest()
		first := at.Offset == int64(len(byteOrderMark)) && len(rest) > 0 && rest[0] == byteOrderMark[2]
		if len(rest) == 0 || rest[0] != '\n' && !first {
			return errReplaced
		}
		r.text.Advance(1, 0)
	}
	found, err := r.skip(ctx, 1)
	if err == nil && !found {
		err = errReplaced
	}
	return err
}

func (r *reader) openAt(ctx context.Context, offset int64) (err error) {
	if r.file.follow {
		r.input, err = r.source.openGrowing(ctx, r.file, offset)
		return err
	}
	if r.input, err = openInput(ctx, r.file.path, nil); err != nil {
		return err
	}
	return r.input.file.SkipTo(ctx, offset)
}

func (r *reader) close() error {
	if r.input == nil {
		return nil
	}
	in := r.input
	r.input = nil
	return in.close()
}
