//go:build !windows

package file

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pipeline-daemon/pipeline"
)

// helperEnv names the file that this test binary writes, as a process of its
// own, instead of running tests.
const helperEnv = "FILE_SINK_HELPER"

// limit is the largest size that the helper may give a file: as on a full
// disk, the write that reaches it is cut short.
const limit = 1000

func init() {
	if path := os.Getenv(helperEnv); path != "" {
		os.Exit(helper(path))
	}
}

// helper writes batches of ten lines until the sink fails.
func helper(path string) int {
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		fmt.Println(err)
		return 1
	}
	f, size, err := openFile(Options{Path: path, Mode: "append"}, jsonLines{}, slog.Default())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s := newSink(f, size, jsonLines{})
	for stored := 0; ; stored += 10 {
		var b pipeline.Batch
		for i := range 10 {
			b.Add(0).Value = pipeline.String(fmt.Sprintf("line %03d", stored+i))
		}
		result := make(chan error, 1)
		s.Write(context.Background(), &b, func(err error) { result <- err })
		if err := <-result; err != nil {
			fmt.Println(stored, err)
			return 0
		}
	}
}

func runHelper(t *testing.T, path string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), helperEnv+"="+path)
	out, err := cmd.Output()
	return string(out), err
}

// TestDiskFull lets the operating system cut a write short.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	out, err := runHelper(t, path)
	// A line has 11 bytes, so 9 batches of 10 lines fit.
	want := fmt.Sprintf("90 write %s: file too large; the 990 bytes stored before are kept\n", path)
	if err != nil || out != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	if lines := strings.SplitAfter(contents(t, path), "\n"); len(lines) != 91 || lines[89] != "\"line 089\"\n" || lines[90] != "" {
		t.Errorf("the file has %d lines, and ends with %q", len(lines)-1, lines[len(lines)-2:])
	}
}

// TestLockAcrossProcesses lets another process have a go at a file that is
// being written.
func TestLockAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	sink := mustOpen(t, "{path: "+path+"}")
	defer sink.Close()
	out, err := runHelper(t, path)
	if err == nil || !strings.HasPrefix(out, path+" is already being written") {
		t.Errorf("got %q, %v", out, err)
	}
}
