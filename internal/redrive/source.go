// Package redrive reads dead letters as the records that they were: from a
// file that the sink file has written, or from a topic. They enter a pipeline
// at its start, with the original bytes, key, headers and time.
package redrive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// source makes records of the letters that another source reads.
type source struct {
	pipeline.Source
	options *Options
	env     pipeline.Env

	letters pipeline.Batch // which have been read
	next    int            // of these
	err     error          // that comes after what the batch holds
	rows    pipeline.Source
	decoder jsonvalue.Decoder

	given int
	left  map[string]int // letters that are left where they are, by reason
}

// groupSource is a source whose positions a consumer group keeps.
type groupSource struct{ *source }

var (
	_ pipeline.Source     = (*source)(nil)
	_ pipeline.Progresser = (*source)(nil)
	_ pipeline.Committer  = groupSource{}
	_ pipeline.Lagger     = groupSource{}
	_ pipeline.Loser      = groupSource{}
)

// Read implements pipeline.Source.
func (s *source) Read(ctx context.Context, b *pipeline.Batch) error {
	for len(b.Records) == 0 {
		if s.err != nil {
			return s.err
		}
		if s.next == len(s.letters.Records) {
			s.letters.Reset()
			s.next = 0
			if err := s.Source.Read(ctx, &s.letters); err != nil {
				return err
			}
		}
		if err := s.fill(ctx, b); err != nil {
			if ctx.Err() != nil {
				b.Reset()
				return ctx.Err()
			}
			s.err = err
		}
	}
	return nil
}

// fill adds the records of the letters that have been read, until b is full.
func (s *source) fill(ctx context.Context, b *pipeline.Batch) error {
	for s.next < len(s.letters.Records) && !b.Full() {
		in := &s.letters.Records[s.next]
		l, err := s.open(in)
		if err != nil {
			return err
		}
		if l != nil {
			n := len(b.Records)
			if err := s.add(ctx, b, l); err != nil {
				b.Records = b.Records[:n]
				if ctx.Err() != nil || errors.As(err, new(*openError)) {
					return err
				}
				s.leave(err.Error())
			} else {
				place := s.options.place(in.Origin)
				b.Records[n].Place = &place
				s.given++
			}
		}
		s.next++
	}
	return nil
}

// open returns the letter in what was read, or nil if it is left there.
func (s *source) open(in *pipeline.Record) (*letter, error) {
	var l *letter
	var err error
	if s.options.File != "" {
		if in.Failure != nil {
			return nil, fmt.Errorf("%v: %w", in.Origin, in.Failure.Err)
		}
		if strings.TrimSpace(in.Value.Str()) == "" {
			return nil, nil
		}
		if l, err = parse(in.Raw); err != nil {
			return nil, fmt.Errorf("%v: %w; correct or remove this line, and redrive again: what was before it is done", in.Origin, err)
		}
	} else if l, err = fromMessage(in); err != nil {
		s.leave(err.Error())
		return nil, nil
	}
	switch {
	case l.pipeline != s.options.Pipeline && l.pipeline != Name(s.options.Pipeline):
		s.leave("it is of pipeline " + strconv.Quote(l.pipeline))
		return nil, nil
	case l.cut():
		s.leave("of a row that was too long only the beginning is kept")
		return nil, nil
	}
	return l, nil
}

// openError is the failure of the pipeline's own source to open.
type openError struct{ error }

func (e *openError) Unwrap() error { return e.error }

// add adds the record that a letter is of.
func (s *source) add(ctx context.Context, b *pipeline.Batch, l *letter) error {
	if l.raw != nil && l.origin.Line > 0 && !s.options.Bytes {
		rows, err := s.rereader(ctx)
		if err != nil {
			return err
		}
		if rows != nil {
			if err := rows.Reread(ctx, l.origin, l.raw, b); err != nil {
				return err
			}
			if r := &b.Records[len(b.Records)-1]; r.Failure != nil && r.Failure.Plugin == "" {
				r.Failure.Plugin = s.options.Source.Name
			}
			return nil
		}
	}
	r := b.Add(len(l.key) + len(l.raw))
	r.Key, r.Time, r.Origin = l.key, l.time, l.origin
	r.Headers = append(r.Headers, l.headers...)
	switch {
	case s.options.Bytes:
		r.Raw = l.raw
	case l.raw == nil:
		r.Value = l.value
	default:
		if err := s.decoder.Decode(l.raw, &r.Value); err != nil {
			return fmt.Errorf("the source %s can't make its record again", s.options.Source.Name)
		}
	}
	return nil
}

// rereader opens the pipeline's own source, which knows how to make records of
// rows, or returns nil if it doesn't.
func (s *source) rereader(ctx context.Context) (pipeline.Rereader, error) {
	if s.rows == nil {
		env := s.env
		env.Position = nil
		rows, err := s.options.Source.Open(ctx, env)
		if err != nil {
			return nil, &openError{fmt.Errorf("to see how its rows are written, the pipeline's own source is opened: %s: %w", s.options.Source.Name, err)}
		}
		s.rows = rows
	}
	rows, _ := s.rows.(pipeline.Rereader)
	return rows, nil
}

func (s *source) leave(reason string) { s.left[reason]++ }

// Progress implements pipeline.Progresser.
func (s *source) Progress(o pipeline.Origin) (float64, bool) {
	p, ok := s.Source.(pipeline.Progresser)
	if !ok {
		return 0, false
	}
	if s.options.File != "" {
		o.Partition = 0
	}
	return p.Progress(o)
}

// Commit implements pipeline.Committer.
func (s groupSource) Commit(ctx context.Context, p pipeline.Position) error {
	return s.Source.(pipeline.Committer).Commit(ctx, p)
}

// Lag implements pipeline.Lagger.
func (s groupSource) Lag() []pipeline.Lag {
	if l, ok := s.Source.(pipeline.Lagger); ok {
		return l.Lag()
	}
	return nil
}

// Lost implements pipeline.Loser.
func (s groupSource) Lost() int64 {
	if l, ok := s.Source.(pipeline.Loser); ok {
		return l.Lost()
	}
	return 0
}

// Close implements pipeline.Source. It tells what is left where it is.
func (s *source) Close() error {
	for _, reason := range slices.Sorted(maps.Keys(s.left)) {
		tell(s.env.Log, s.options.From, reason, s.left[reason])
	}
	if s.given == 0 && len(s.left) == 0 && s.options.File == "" && s.err == nil {
		s.env.Log.Info("nothing new: every dead letter of the topic has been redriven before, or there is none", "topic", s.options.From)
	}
	err := s.Source.Close()
	if s.rows != nil {
		err = errors.Join(err, s.rows.Close())
	}
	return err
}

func tell(log *slog.Logger, from, reason string, n int) {
	log.Warn("dead letters are not redriven, and stay where they are", "in", from, "letters", n, "because", reason)
}

// Name returns the name of the pipeline that redrives another one's dead
// letters.
func Name(of string) string { return of + "-redrive" }
