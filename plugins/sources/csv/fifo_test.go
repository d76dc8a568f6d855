//go:build unix

package csv

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	pipeline "github.com/pipeline-daemon/pipeline"
)

func namedPipe(t *testing.T) Options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return options(func(o *Options) { o.Path = []string{path} })
}

func TestNamedPipe(t *testing.T) {
	o := namedPipe(t)
	go func() {
		if w, err := os.OpenFile(o.Path[0], os.O_WRONLY, 0); err == nil {
			w.WriteString("v\n1\n")
			w.Close()
		}
	}()
	if got, err := readAll(t, testEnv(), o); err != nil || !slices.Equal(got, []string{"pipe:2@2 {v: 1}"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// otherEnd stays open, so that a late open of the pipe doesn't block forever.
var otherEnd *os.File

// Waiting for somebody at the other end can be given up.
func TestNamedPipeStops(t *testing.T) {
	o := namedPipe(t)
	s, err := open(t.Context(), testEnv(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Read(ctx, &pipeline.Batch{}); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	if otherEnd, err = os.OpenFile(o.Path[0], os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
}
