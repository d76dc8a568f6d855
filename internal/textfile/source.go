// Package textfile is what the sources of rows in text files share: which
// files there are, opening and decompressing them, waiting for what a pipe
// brings or a growing file gets, going on at a position, and memory that stays
// flat. What a row is, and what record it becomes, is a Format's business.
package textfile

import (
	"context"
	"errors"
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

// Group is files whose rows are written alike.
type Group struct {
	Paths  []string // files, patterns, or Stdin
	Format Format
}

// Config says what is to be read.
type Config struct {
	Groups []Group
	Follow bool // read on as the file grows; see CheckPaths
	Merge  bool // all files at once, by their records' event times
	MaxRow int  // the bytes that a row may have
}

// Source reads files, one after another, or merged. It does all that is asked
// of a pipeline.Source.
type Source struct {
	env    pipeline.Env
	config Config
	files  files
	next   int // the file after the one that is being read
	watch  *watch

	reader reader // of one file after another
	reread map[string]Rows
	merge  *merge // nil: they are not merged
}

var (
	_ pipeline.Source     = (*Source)(nil)
	_ pipeline.Progresser = (*Source)(nil)
	_ pipeline.Rereader   = (*Source)(nil)
)

// Open opens the first file, or all that are merged, and looks at the first
// rows unless they may be long in coming: then Read waits for them.
func Open(ctx context.Context, env pipeline.Env, c Config) (*Source, error) {
	s := &Source{env: env, config: c}
	if c.Follow {
		s.openFollow()
	} else {
		var err error
		if s.files, err = list(c.Groups); err != nil {
			return nil, err
		}
	}
	if err := s.openEarly(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openEarly opens what Read would, if that can't take long.
func (s *Source) openEarly(ctx context.Context) error {
	switch {
	case s.config.Merge:
		s.merge = newMerge(s)
		if s.files.known() {
			return s.merge.open(ctx)
		}
	case s.files[0].size >= 0:
		return s.openNext(ctx)
	}
	return nil
}

// Read implements pipeline.Source. A batch has rows of one file only, unless
// files are merged.
func (s *Source) Read(ctx context.Context, b *pipeline.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.merge != nil {
		return s.merge.read(ctx, b)
	}
	for !b.Full() {
		if s.reader.input == nil {
			if len(b.Records) > 0 {
				return nil
			}
			if err := s.openNext(ctx); err != nil {
				return err
			}
			continue
		}
		if err := s.reader.read(ctx, b); err != nil || s.reader.input != nil {
			return err
		}
	}
	return nil
}

// openNext opens the next file at the first row that is to be read. A file
// that is followed comes again and again. After the last file it returns
// io.EOF.
func (s *Source) openNext(ctx context.Context) error {
	switch {
	case s.next > 0 && s.files[s.next-1].follow:
	case s.next == len(s.files):
		return io.EOF
	default:
		s.next++
	}
	s.reader = reader{source: s, file: s.files[s.next-1]}
	return s.reader.open(ctx)
}

// Progress implements pipeline.Progresser.
func (s *Source) Progress(o pipeline.Origin) (float64, bool) {
	if s.merge != nil {
		return s.merge.trail.progress(o)
	}
	return s.files.progress(o)
}

// Close implements pipeline.Source.
func (s *Source) Close() error {
	if s.watch != nil {
		s.watch.close()
	}
	if s.merge != nil {
		return s.merge.close()
	}
	return s.reader.close()
}
