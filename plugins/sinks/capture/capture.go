// Package capture is the sink that keeps records in a file, with all that a
// message in Kafka has, for the source of the same name to replay.
package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/capture"
	"github.com/pipeline-daemon/pipeline/internal/output"
)

// Options are the options of the sink.
type Options struct {
	_ struct{} `doc:"keeps records in a file, for the source capture to replay: keys, values, headers and timestamps, and the topics, partitions and offsets that they come from, with null apart from empty. It is compressed with zstd. A record counts as written once it is synced to the disk; of a file that is cut off, everything before can be read" example:"capture: {path: my-stream.capture, mode: overwrite}"`

	Path string `yaml:"path" doc:"the file"`
	Mode string `yaml:"mode" doc:"create: a file that exists, and is not empty, is refused; append: records are added, and an end that was cut off is removed; overwrite: what the file holds is lost"`

	pipeline.CodecOption `yaml:",inline"`
}

func init() { pipeline.RegisterSink("capture", Options{Mode: output.Create}, open) }

var (
	_ pipeline.Validator = (*Options)(nil)
	_ pipeline.FileUser  = (*Options)(nil)
	_ pipeline.ValueUser = (*Options)(nil)
)

// Files implements pipeline.FileUser.
func (o *Options) Files() pipeline.Files {
	return pipeline.Files{Writes: o.Path, Anew: o.Mode != output.Append, Empty: o.Mode == output.Overwrite}
}

// UsesValue implements pipeline.ValueUser.
func (o *Options) UsesValue() bool { return false }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	switch o.Path {
	case "":
		errs = append(errs, &pipeline.FieldError{Option: "path", Err: errors.New("wants a file's name")})
	case "-":
		errs = append(errs, &pipeline.FieldError{Option: "path", Err: errors.New("a capture is a file; for standard output use the sink print")})
	}
	if err := output.CheckMode(o.Mode); err != nil {
		errs = append(errs, &pipeline.FieldError{Option: "mode", Err: err})
	}
	return errors.Join(errs...)
}

func open(_ context.Context, env pipeline.Env, o Options) (pipeline.Sink, error) {
	f, size, err := output.OpenFile(o.Path, o.Mode, env.Log, func(f *os.File, size int64) (int64, error) { return resume(f, size, env.Log) })
	if err != nil {
		return nil, err
	}
	w, begun := capture.NewWriter(), size > 0
	return output.NewFile(f, size, func(dst []byte, b *pipeline.Batch) []byte {
		if !begun {
			dst, begun = capture.AppendHeader(dst), true
		}
		return w.AppendFrame(dst, b.Records)
	}), nil
}

// resume returns where the last whole frame ends, and removes what follows.
func resume(f *os.File, size int64, log *slog.Logger) (int64, error) {
	end, err := check(f, size)
	if err != nil {
		return 0, fmt.Errorf("%s %w", f.Name(), err)
	}
	if end == size {
		return end, nil
	}
	log.Warn("the file's end was cut off and is removed", "file", f.Name(), "bytes", size-end)
	return end, f.Truncate(end)
}

// check returns where the last whole frame ends. A file that ends within its
// header is begun anew.
func check(f io.ReaderAt, size int64) (int64, error) {
	s, err := capture.NewScanner(f, size)
	if err == capture.ErrCut {
		return 0, nil
	}
	var last capture.Frame
	for err == nil {
		var frame capture.Frame
		if frame, err = s.Next(); err == nil {
			last = frame
		}
	}
	switch {
	case err != io.EOF && err != capture.ErrCut:
		return 0, err
	case last.Records > 0:
		if _, err := capture.NewReader().Body(f, last); err != nil {
			return 0, err
		}
	}
	return s.Offset(), nil
}
