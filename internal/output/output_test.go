package output_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/output"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns a sink that writes integers.
func open(w io.Writer) pipeline.Sink {
	return output.Lines(w, func(dst []byte, r *pipeline.Record) ([]byte, error) {
		if i := r.Value.Int(); i >= 0 {
			return strconv.AppendInt(dst, i, 10), nil
		}
		return dst, errors.New("negative")
	})
}

// write writes integers and returns what the sink makes of them.
func write(ctx context.Context, sink pipeline.Sink, integers ...int64) (*pipeline.Batch, error) {
	var b pipeline.Batch
	for _, i := range integers {
		b.Add(0).Value = pipeline.Int(i)
	}
	result := make(chan error, 1)
	sink.Write(ctx, &b, func(err error) { result <- err })
	return &b, <-result
}

// counted counts the calls of Write.
type counted struct {
	text  string
	calls int
}

func (c *counted) Write(p []byte) (int, error) {
	c.text += string(p)
	c.calls++
	return len(p), nil
}

func TestLines(t *testing.T) {
	var out counted
	sink := open(&out)
	defer sink.Close()
	b, err := write(t.Context(), sink, 1, -2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := (counted{"1\n3\n", 1}); out != want || b.Written != 4 {
		t.Errorf("%+v and %d bytes, want %+v", out, b.Written, want)
	}
	for i, r := range b.Records {
		if failed := r.Failure != nil; failed != (i == 1) {
			t.Errorf("record %d: %v", i, r.Failure)
		}
	}
	if f := b.Records[1].Failure; !pipeline.IsPermanent(f.Err) || f.Err.Error() != "negative" {
		t.Error(f.Err)
	}
}

// A reader that closes its end is one that wants no more.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	sink := open(w)
	defer sink.Close()
	if _, err := write(t.Context(), sink, 1); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := write(t.Context(), sink, 1); !errors.Is(err, pipeline.ErrDone) {
		t.Errorf("got %v, want ErrDone", err)
	}
}

// cutWriter is a pipe whose reader goes after some bytes.
type cutWriter int

func (n cutWriter) Write([]byte) (int, error) { return int(n), io.ErrClosedPipe }

// It is known how many lines were written before the reader had gone.
func TestReaderGoneAfterSomeLines(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 0, 2: 1, 3: 1, 5: 2} {
		sink := open(cutWriter(n))
		b, err := write(t.Context(), sink, 1, -2, 34)
		if !errors.Is(err, pipeline.ErrDone) || b.Written != int64(n) {
			t.Errorf("%d bytes: %v, %d written", n, err, b.Written)
		}
		got := 0
		for _, r := range b.Records {
			if r.Failure == nil {
				got++
			}
		}
		if got != want {
			t.Errorf("%d bytes: %d lines, want %d", n, got, want)
		}
		_ = sink.Close()
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteError(t *testing.T) {
	sink := open(brokenWriter{})
	defer sink.Close()
	_, err := write(t.Context(), sink, 1)
	if !pipeline.IsPermanent(err) || errors.Is(err, pipeline.ErrDone) || err.Error() != "standard output: no space left" {
		t.Error(err)
	}
}

// TestGivesUp has a reader that doesn't read.
func TestGivesUp(t *testing.T) {
	r, w := io.Pipe()
	sink := open(w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := write(ctx, sink, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if _, err := write(t.Context(), sink, 1); !pipeline.IsPermanent(err) {
		t.Errorf("got %v, want a permanent error", err)
	}
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
	r.Close()
}
