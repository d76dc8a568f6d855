// Package textfile is what the sources of rows in text files share: which
// files there are, opening and decompressing them, waiting for what a pipe
// brings or a growing file gets, going on at a position, and memory that stays
// flat. What a row is, and what record it becomes, is a Format's business.
package textfile

import (
	"context"
	"errors"
	"fmt"
	"io"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// Stdin is the name of standard input among paths.
const Stdin = "-"

// Format knows how rows are written.
type Format interface {
	// Begin looks at the first rows of a file: to learn about it, and to say
	// early what is wrong with it. What it has read is read again.
	Begin(ctx context.Context, h *Head) (Rows, error)
}

// Rows are the rows of one file.
type Rows interface {
	// Header is how many rows come before the records.
	Header() int
	// Scan finds the next row of t, and goes on behind it.
	Scan(t *Text) State
	// Fill makes records of the next rows of t, until b is full: then it
	// returns Found. Their origins are at, with the offset and line of the row.
	Fill(t *Text, b *pipeline.Batch, at pipeline.Origin) State
}

// Config says what is to be read.
type Config struct {
	Paths  []string // files, patterns, or Stdin
	Follow bool     // read on as the file grows; see CheckPaths
	MaxRow int      // the bytes that a row may have
	Format Format
}

// Source reads files, one after another. It does all that is asked of a
// pipeline.Source. At first, and between two files, it has no input.
type Source struct {
	env    pipeline.Env
	config Config
	files  files
	next   int // the file after the one that is being read
	watch  *watch

	input *input
	text  *Text
	rows  Rows
	at    pipeline.Origin // of the file's records, but for the place in it
}

var (
	_ pipeline.Source     = (*Source)(nil)
	_ pipeline.Progresser = (*Source)(nil)
)

// Open opens the first file, and looks at its first rows unless they may be
// long in coming: then Read waits for them.
func Open(ctx context.Context, env pipeline.Env, c Config) (*Source, error) {
	s := &Source{env: env, config: c}
	if c.Follow {
		s.openFollow()
	} else {
		var err error
		if s.files, err = list(c.Paths); err != nil {
			return nil, err
		}
	}
	if s.files[0].size >= 0 {
		if err := s.openNext(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Read implements pipeline.Source. A batch has rows of one file only.
func (s *Source) Read(ctx context.Context, b *pipeline.Batch) error {
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
		switch s.rows.Fill(s.text, b, s.at) {
		case NeedMore:
			if len(b.Records) > 0 && s.input.mayBlock {
				return nil
			}
			if err := s.fill(ctx); err != nil && len(b.Records) == 0 {
				return err
			} else if err != nil {
				return nil // the next Read will meet the error again
			}
		case Finished:
			if err := s.closeInput(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Source) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.input.fill(ctx, s.text, 0)
	s.file().measure(s.input)
	return err
}

// file is the file that is being read.
func (s *Source) file() *file { return s.files[s.next-1] }

// openNext opens the next file at the first row that is to be read. A file
// that is followed comes again and again. After the last file it returns
// io.EOF.
func (s *Source) openNext(ctx context.Context) error {
	switch {
	case s.next > 0 && s.file().follow:
	case s.next == len(s.files):
		return io.EOF
	default:
		s.next++
	}
	f := s.file()
	var err error
	if s.input, err = s.openFile(ctx, f); err != nil {
		return err
	}
	h, err := s.input.head(ctx, s.config.MaxRow)
	if err != nil {
		return err
	}
	if s.rows, err = s.config.Format.Begin(ctx, h); err != nil {
		return err
	}
	f.measure(s.input)
	s.at = pipeline.Origin{Source: f.name}
	if s.config.Follow {
		s.at.Partition = h.id
	}
	if at, ok := s.env.Position.Last(s.at.Source, s.at.Partition); ok && (f.follow || !s.input.mayBlock) {
		return s.resume(ctx, at)
	}
	s.input.record = 0
	if s.text, err = s.input.begin(ctx); err != nil {
		return err
	}
	_, err = s.skip(ctx, s.rows.Header())
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
func (s *Source) skip(ctx context.Context, n int) (bool, error) {
	for n > 0 {
		switch s.rows.Scan(s.text) {
		case NeedMore:
			if err := s.fill(ctx); err != nil {
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
func (s *Source) resume(ctx context.Context, at pipeline.Origin) error {
	err := s.seek(ctx, at)
	if errors.Is(err, errReplaced) {
		return fmt.Errorf("can't resume: %v, the last row done, is not there (byte %d); has the file been replaced or cut? run without resume to start over", at, at.Offset)
	}
	return err
}

// seek opens the file anew after the row at a position, which must follow a
// line end or be the first.
func (s *Source) seek(ctx context.Context, at pipeline.Origin) error {
	if err := s.closeInput(); err != nil {
		return err
	}
	f, before := s.file(), max(at.Offset-1, 0)
	if f.follow && sizeOf(f.path) <= at.Offset {
		return errReplaced // rather than wait for it
	}
	err := s.openAt(ctx, f, before)
	if err == io.ErrUnexpectedEOF {
		return errReplaced
	}
	if err != nil {
		return err
	}
	s.input.text = before
	s.text = NewText(before, at.Line)
	for len(s.text.Rest()) == 0 && !s.text.Ended() {
		if err := s.input.fill(ctx, s.text, 0); err != nil {
			return err
		}
	}
	if at.Offset > 0 {
		rest := s.text.Rest()
		first := at.Offset == int64(len(byteOrderMark)) && len(rest) > 0 && rest[0] == byteOrderMark[2]
		if len(rest) == 0 || rest[0] != '\n' && !first {
			return errReplaced
		}
		s.text.Advance(1, 0)
	}
	found, err := s.skip(ctx, 1)
	if err == nil && !found {
		err = errReplaced
	}
	return err
}

func (s *Source) openAt(ctx context.Context, f *file, offset int64) (err error) {
	if f.follow {
		s.input, err = s.openGrowing(ctx, f, offset)
		return err
	}
	if s.input, err = openInput(ctx, f.path, nil); err != nil {
		return err
	}
	return s.input.file.SkipTo(ctx, offset)
}

// Progress implements pipeline.Progresser.
func (s *Source) Progress(o pipeline.Origin) (float64, bool) { return s.files.progress(o) }

func (s *Source) closeInput() error {
	if s.input == nil {
		return nil
	}
	in := s.input
	s.input = nil
	return in.close()
}

// Close implements pipeline.Source.
func (s *Source) Close() error {
	if s.watch != nil {
		s.watch.close()
	}
	return s.closeInput()
}
