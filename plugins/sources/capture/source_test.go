package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/capture"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// file returns a capture of frames with as many records each: number n is of
// partition n % 3, and its offset falls.
func file(frames ...int) []byte {
	w, data, n := capture.NewWriter(), capture.AppendHeader(nil), 0
	for _, size := range frames {
		var rs []pipeline.Record
		for range size {
			rs = append(rs, pipeline.Record{Encoded: []byte(strconv.Itoa(n)), Time: start.Add(time.Duration(n) * time.Second),
				Origin: pipeline.Origin{Source: "t", Partition: int32(n % 3), Offset: int64(1000 - n)}})
			n++
		}
		data = w.AppendFrame(data, rs)
	}
	return data
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.capture")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConformance(t *testing.T) {
	plugintest.Source(t, func(t *testing.T) plugintest.SourceCase {
		path := write(t, file(1, 3, 2, 1))
		return plugintest.SourceCase{Options: "capture: {path: " + strconv.Quote(path) + "}", Want: []string{"0", "1", "2", "3", "4", "5", "6"}}
	})
}

func openAt(t *testing.T, path string, p pipeline.Position) (pipeline.Source, *strings.Builder, error) {
	t.Helper()
	log := new(strings.Builder)
	s, err := open(t.Context(), pipeline.Env{Log: slog.New(slog.NewTextHandler(log, nil)), Position: p}, Options{Path: path})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, log, err
}

// read reads to the end, and returns the values and the error.
func read(t *testing.T, s pipeline.Source) (values []string, origins []pipeline.Origin, err error) {
	t.Helper()
	b := pipeline.NewBatch(2, 0)
	for {
		b.Reset()
		if err := s.Read(t.Context(), b); err != nil {
			return values, origins, err
		}
		for _, r := range b.Records {
			values, origins = append(values, string(r.Raw)), append(origins, r.Origin)
		}
	}
}

func TestRecords(t *testing.T) {
	path := write(t, file(2, 1))
	s, _, err := openAt(t, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if end, ok := s.(pipeline.Ender).End(); !ok || !end.Equal(start.Add(2*time.Second)) {
		t.Error("the end is", end, ok)
	}
	_, origins, err := read(t, s)
	want := []pipeline.Origin{{Source: path, Partition: 0, Offset: 0}, {Source: path, Partition: 1, Offset: 1}, {Source: path, Partition: 2, Offset: 2}}
	if diff := cmp.Diff(want, origins); diff != "" || err != io.EOF {
		t.Error(err, diff)
	}
	if share, ok := s.(pipeline.Progresser).Progress(origins[1]); !ok || share != 2.0/3 {
		t.Error("the second of three is at", share, ok)
	}
}

// It goes on wherever it was, in the order of the file.
func TestResume(t *testing.T) {
	path := write(t, file(1, 4, 2))
	for done := range 8 {
		var p pipeline.Position
		for n := range done {
			p = p.Advance(pipeline.Origin{Source: path, Partition: int32(n % 3), Offset: int64(n)})
		}
		s, _, err := openAt(t, path, p)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for n := done; n < 7; n++ {
			want = append(want, strconv.Itoa(n))
		}
		if got, _, err := read(t, s); err != io.EOF || cmp.Diff(want, got) != "" {
			t.Errorf("after %d: %v, %v", done, got, err)
		}
	}
	_, _, err := openAt(t, path, pipeline.Position{{Source: path, Offset: 7}})
	if err == nil || !strings.HasPrefix(err.Error(), "can't resume: "+path+" has 7 records, and the last one done is number 7; ") {
		t.Error(err)
	}
}

// Of a file that is cut off, or damaged, everything before can be read.
func TestTails(t *testing.T) {
	whole := file(2, 3)
	first := len(file(2))
	flipped := func(at int) []byte {
		data := bytes.Clone(whole)
		data[at] ^= 1
		return data
	}
	for name, tc := range map[string]struct {
		data []byte
		n    int
		log  string
		err  string // after the path
	}{
		"cut in a body":     {whole[:len(whole)-1], 2, "cut off", ""},
		"cut in a header":   {whole[:first+3], 2, "cut off", ""},
		"zeros":             {append(bytes.Clone(whole), make([]byte, 100)...), 5, "cut off", ""},
		"cut between":       {whole[:first], 2, "", ""},
		"damage of a body":  {flipped(len(whole) - 1), 2, "", " is damaged: the frame of 3 records at byte " + strconv.Itoa(first) + " is not what was written"},
		"damage of a frame": {flipped(first), 2, "damaged", " is damaged at byte " + strconv.Itoa(first) + ", where a frame should begin"},
		"nothing":           {file(), 0, "", ""},
		"empty":             {nil, 0, "the file is empty", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, tc.data)
			s, log, err := openAt(t, path, nil)
			if err != nil {
				t.Fatal(err)
			}
			values, _, err := read(t, s)
			if len(values) != tc.n || !strings.Contains(log.String(), tc.log) || tc.log == "" && log.Len() > 0 {
				t.Errorf("%d records, want %d; logged %q", len(values), tc.n, log)
			}
			if tc.err == "" && err != io.EOF || tc.err != "" && (err.Error() != path+tc.err || !pipeline.IsPermanent(err)) {
				t.Errorf("ends with %v", err)
			}
			if again := s.Read(t.Context(), new(pipeline.Batch)); fmt.Sprint(again) != fmt.Sprint(err) {
				t.Errorf("once more: %v", again)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		write(t, []byte("a,b\n")): " is not a capture",
		dir:                       " is not a regular file",
	} {
		if _, _, err := openAt(t, path, nil); err == nil || err.Error() != path+want {
			t.Errorf("%v, want %s%s", err, path, want)
		}
	}
	if _, _, err := openAt(t, filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(ctx, pipeline.Env{Log: slog.Default()}, Options{Path: write(t, file(1))}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for options, want := range map[string]string{
		"{}":          "t.yaml:1:10: path: wants a file's name",
		"{path: '-'}": "t.yaml:1:11: path: a capture is read from a file, not from standard input",
	} {
		if _, err := pipeline.BindSource(plugintest.Node(t, "capture: "+options)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", options, err, want)
		}
	}
}
