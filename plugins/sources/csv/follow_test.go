package csv

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// want reads records and compares them with lines of what show returns.
func want(t *testing.T, s pipeline.Source, lines ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	b := pipeline.NewBatch(1, 0)
	for _, line := range lines {
		b.Reset()
		if err := s.Read(ctx, b); err != nil {
			t.Fatalf("%v, want %s", err, line)
		}
		if got := show(&b.Records[0]); got != line {
			t.Errorf("got %s, want %s", got, line)
		}
	}
}

// A header may be long in coming; a row is read when it is whole; and the file
// that has the name later has a header of its own.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	add(t, path, "t,")
	s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path, o.Follow = []string{path}, true }))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	add(t, path, "v\n2021-01-01,1\n2021-01-02,")
	want(t, s, `a.csv:2@4 2021-01-01T00:00:00Z {t: "2021-01-01", v: 1}`)
	add(t, path, "2\n2021-01-03,\"two\nlines")
	want(t, s, `a.csv:3@17 2021-01-02T00:00:00Z {t: "2021-01-02", v: 2}`)
	add(t, path, "\"\n2021-01-04,4\n")
	want(t, s, `a.csv:4@30 FAILED column "v": "two\nlines" is no int, the type found in the first rows; declare the type: types: {v: string}, or say that this is no value: null_values: "two\nlines" <2021-01-03,"two`+"\n"+`lines">`,
		`a.csv:6@53 2021-01-04T00:00:00Z {t: "2021-01-04", v: 4}`)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	add(t, path, "w,t\nx,2021-01-05\n")
	want(t, s, `a.csv:2@4 2021-01-05T00:00:00Z {w: "x", t: "2021-01-05"}`)
	if _, known := s.(pipeline.Ender).End(); known {
		t.Error("the end is known")
	}
}

func TestFollowConforms(t *testing.T) {
	plugintest.Source(t, func(t *testing.T) plugintest.SourceCase {
		path := filepath.Join(t.TempDir(), "data.csv")
		add(t, path, conformanceRows)
		return plugintest.SourceCase{Options: "csv: {follow: true, path: " + strconv.Quote(path) + "}", Want: conformanceValues, Endless: true}
	})
}

func TestFollowIsRefused(t *testing.T) {
	for text, says := range map[string]string{
		`csv: {path: [a, b], follow: true}`:   `t.yaml:1:21: follow: follows one file, and path names 2`,
		`csv: {path: "-", follow: true}`:      `t.yaml:1:18: follow: standard input is read to its end anyway: leave follow out`,
		`csv: {path: a.gz, follow: true}`:     `t.yaml:1:19: follow: a compressed file can't be followed, such as a.gz`,
		`csv: {path: "a*.csv", follow: true}`: `follow: follows one file: path must be its name, not the pattern a*.csv`,
	} {
		if _, err := bind(t, text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gives\n%v\nwant\n%s", text, err, says)
		}
	}
}
