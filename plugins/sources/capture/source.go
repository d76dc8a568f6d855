// Package capture is the source that reads the records that the sink of the
// same name has kept in a file.
package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/capture"
)

// Options are the options of the source.
type Options struct {
	_ struct{} `doc:"reads the records of a file that the sink capture has written: keys, values, headers and timestamps, which are the event times, and partitions. The kafka sink with partition: original and timestamp: event makes the topic of them that it was" example:"capture: {path: data/readings.capture}"`

	Path string `yaml:"path" doc:"the file"`

	pipeline.CodecOption `yaml:",inline"`
}

func init() { pipeline.RegisterSource("capture", Options{}, open) }

var (
	_ pipeline.Validator = (*Options)(nil)
	_ pipeline.FileUser  = (*Options)(nil)
)

// Files implements pipeline.FileUser.
func (o *Options) Files() pipeline.Files { return pipeline.Files{Reads: []string{o.Path}} }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	switch o.Path {
	case "":
		return &pipeline.FieldError{Option: "path", Err: errors.New("wants a file's name")}
	case "-":
		return &pipeline.FieldError{Option: "path", Err: errors.New("a capture is read from a file, not from standard input")}
	}
	return nil
}

// source reads frame after frame. A record's place is its number in the file,
// from 0: its offset in the topic may come again, as where that was made anew.
type source struct {
	path   string
	log    *slog.Logger
	file   *os.File
	scan   *capture.Scanner
	reader *capture.Reader
	body   *capture.Body
	next   int64 // the number of the next record
	all    int64 // how many there are; fixed
	size   int64 // of the file, when it was opened
	last   capture.Frame
	err    error // what reading has come to
}

var (
	_ pipeline.Source     = (*source)(nil)
	_ pipeline.Progresser = (*source)(nil)
	_ pipeline.Ender      = (*source)(nil)
)

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	f, err := os.Open(o.Path)
	if err != nil {
		return nil, err
	}
	s := &source{path: o.Path, log: env.Log, file: f, reader: capture.NewReader(), body: new(capture.Body)}
	if s.size, err = sizeOf(f); err == nil && s.size > 0 {
		err = s.survey(ctx)
	} else if err == nil { // a sink that has stored nothing leaves it so
		env.Log.Warn("the file is empty: there are no records", "file", o.Path)
		s.err = io.EOF
	}
	if err == nil {
		err = s.resume(ctx, env.Position)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%s is not a regular file", f.Name())
	}
	return info.Size(), nil
}

// survey counts the records, says early what is wrong with the file, and goes
// to the first frame.
func (s *source) survey(ctx context.Context) error {
	scan, err := capture.NewScanner(s.file, s.size)
	if err != nil {
		return s.name(err)
	}
	first := *scan
	s.scan = &first
	for {
		f, err := scan.Next()
		switch {
		case err == io.EOF:
			return nil
		case err == capture.ErrCut:
			s.log.Warn("the file's end was cut off; all before it is read", "file", s.path, "records", s.all, "lost_bytes", s.size-scan.Offset())
			return nil
		case err != nil:
			s.log.Warn("the file is damaged; all before that is read", "file", s.path, "records", s.all, "error", err)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		s.all += int64(f.Records)
		s.last = f
	}
}

// resume goes on after the last record that is done: they are done in order.
func (s *source) resume(ctx context.Context, p pipeline.Position) error {
	last := int64(-1)
	for _, o := range p {
		if o.Source == s.path {
			last = max(last, o.Offset)
		}
	}
	if last >= s.all {
		return fmt.Errorf("can't resume: %s has %d records, and the last one done is number %d; has the file been replaced? run without resume to start over", s.path, s.all, last)
	}
	var skipped pipeline.Batch
	for s.next <= last {
		if s.body.Left() == 0 {
			if err := s.open(last); err != nil {
				return err
			}
		}
		for ; s.next <= last && s.body.Left() > 0; s.next++ {
			if _, err := s.body.Next(&skipped); err != nil {
				return s.name(err)
			}
			skipped.Reset()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// open opens the next frame; one whose records are all done is passed over.
func (s *source) open(last int64) error {
	f, err := s.scan.Next()
	switch {
	case err == io.EOF || err == capture.ErrCut:
		return io.EOF
	case err != nil:
		return s.name(err)
	case s.next+int64(f.Records) <= last+1:
		s.next += int64(f.Records)
		return nil
	}
	s.body, err = s.reader.Body(s.file, f)
	return s.name(err)
}

// Read implements pipeline.Source.
func (s *source) Read(ctx context.Context, b *pipeline.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for s.err == nil && !b.Full() {
		s.err = s.readRecord(b)
	}
	if len(b.Records) > 0 {
		return nil
	}
	return s.err
}

func (s *source) readRecord(b *pipeline.Batch) error {
	if s.body.Left() == 0 {
		if err := s.open(-1); err != nil || s.body.Left() == 0 {
			return err
		}
	}
	r, err := s.body.Next(b)
	if err != nil {
		return s.name(err)
	}
	r.Origin = pipeline.Origin{Source: s.path, Partition: r.Origin.Partition, Offset: s.next}
	s.next++
	return nil
}

// name gives an error the file's name.
func (s *source) name(err error) error {
	if err == nil {
		return nil
	}
	return pipeline.Permanent(fmt.Errorf("%s %w", s.path, err))
}

// Progress implements pipeline.Progresser.
func (s *source) Progress(o pipeline.Origin) (float64, bool) {
	return float64(o.Offset+1) / float64(max(s.all, 1)), s.all > 0
}

// End implements pipeline.Ender.
func (s *source) End() (end time.Time, ok bool) {
	if s.last.Records == 0 {
		return end, false
	}
	body, err := s.reader.Body(s.file, s.last)
	if err != nil {
		return end, false
	}
	var b pipeline.Batch
	for body.Left() > 0 {
		b.Reset()
		r, err := body.Next(&b)
		if err != nil {
			return end, false
		}
		end = r.Time
	}
	return end, !end.IsZero()
}

// Close implements pipeline.Source.
func (s *source) Close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}
