package capture

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/capture"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	plugintest.Sink(t, func(t *testing.T) plugintest.SinkCase {
		path := filepath.Join(t.TempDir(), "out.capture")
		return plugintest.SinkCase{
			Options: "capture: {path: " + strconv.Quote(path) + "}",
			Stored:  func(int) []string { return values(t, path) },
		}
	})
}

// values returns the values in a file.
func values(t *testing.T, path string) (all []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 {
		return nil
	}
	r := bytes.NewReader(data)
	s, err := capture.NewScanner(r, r.Size())
	if err != nil {
		t.Fatal(err)
	}
	for {
		f, err := s.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := capture.NewReader().Body(r, f)
		if err != nil {
			t.Fatal(err)
		}
		for body.Left() > 0 {
			r, err := body.Next(new(pipeline.Batch))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(r.Raw))
		}
	}
}

func bind(t *testing.T, options string) (*pipeline.Bound[pipeline.Sink], error) {
	t.Helper()
	return pipeline.BindSink(plugintest.Node(t, "capture: "+options))
}

// store opens a sink, stores records with these values, and returns what the
// sink has logged, and its error.
func store(t *testing.T, options string, values ...string) (string, error) {
	t.Helper()
	bound, err := bind(t, options)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	sink, err := bound.Open(t.Context(), pipeline.Env{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		return log.String(), err
	}
	for _, v := range values {
		b := new(pipeline.Batch)
		b.Add(0).Encoded = []byte(v)
		done := make(chan error, 1)
		sink.Write(t.Context(), b, func(err error) { done <- err })
		if err := <-done; err != nil || b.Written == 0 {
			t.Fatal(err, b.Written)
		}
	}
	return log.String(), sink.Close()
}

func TestModes(t *testing.T) {
	t.Chdir(t.TempDir())
	check := func(want ...string) {
		t.Helper()
		if got := values(t, "a.capture"); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("the file has %q, want %q", got, want)
		}
	}
	for _, step := range []struct {
		mode   string
		values []string
		want   []string
		err    string
	}{
		{"create", nil, nil, ""},
		{"create", []string{"z"}, []string{"z"}, ""},
		{"create", []string{"a"}, []string{"z"}, "a.capture exists and is not empty: remove it, or set mode: append or mode: overwrite"},
		{"overwrite", []string{"a", "b"}, []string{"a", "b"}, ""},
		{"append", []string{"c"}, []string{"a", "b", "c"}, ""},
		{"overwrite", []string{"d"}, []string{"d"}, ""},
	} {
		_, err := store(t, "{path: a.capture, mode: "+step.mode+"}", step.values...)
		if step.err == "" && err != nil || step.err != "" && (err == nil || err.Error() != step.err) {
			t.Errorf("%+v: %v", step, err)
		}
		check(step.want...)
	}
}

// A file that was cut off anywhere is repaired, and added to.
func TestCutOff(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := store(t, "{path: a.capture}", "a", "b"); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile("a.capture")
	if err != nil {
		t.Fatal(err)
	}
	for size := 1; size < len(whole); size++ {
		if err := os.WriteFile("a.capture", whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		before := 0
		if s, err := capture.NewScanner(bytes.NewReader(whole), int64(size)); err == nil {
			for _, err := s.Next(); err == nil; _, err = s.Next() {
				before++
			}
			size64 := s.Offset()
			log, err := store(t, "{path: a.capture, mode: append}", "c")
			if err != nil || (size64 < int64(size)) != strings.Contains(log, "cut off") {
				t.Fatalf("cut at %d: %v, %q", size, err, log)
			}
		} else if _, err := store(t, "{path: a.capture, mode: append}", "c"); err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		if got := values(t, "a.capture"); len(got) != before+1 || got[before] != "c" {
			t.Fatalf("cut at %d: the file has %q, want %d records and c", size, got, before)
		}
	}
}

func TestNoCapture(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.csv", []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store(t, "{path: a.csv, mode: append}"); err == nil || err.Error() != "a.csv is not a capture" {
		t.Error(err)
	}
	if _, err := store(t, "{path: a.capture}", "a", "b", "c"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("a.capture")
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile("a.capture", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store(t, "{path: a.capture, mode: append}"); err == nil || !strings.Contains(err.Error(), "a.capture is damaged: the frame of 1 records at byte ") {
		t.Error(err)
	}
}

func TestOptionErrors(t *testing.T) {
	for options, want := range map[string]string{
		"{}":                       "t.yaml:1:10: path: wants a file's name",
		"{path: '-'}":              "t.yaml:1:11: path: a capture is a file; for standard output use the sink print",
		"{path: a, mode: replace}": `t.yaml:1:20: mode: wants create, append or overwrite, not "replace"`,
	} {
		if _, err := bind(t, options); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", options, err, want)
		}
	}
}
