//go:build !windows

package cmd

import (
	"os"
	"strings"
	"testing"
)

var printing = [][]string{
	{"plugins"}, {"plugins", "--json"}, {"plugins", "describe", "csv"}, {"version"}, {"--version"}, {"--help"}, {"help", "run"},
	{"schema", "pipeline"}, {"schema", "infer", "data.csv"}, {"validate", "p.yaml"}, {"validate", "--json", "p.yaml"}, {"completion", "bash"},
	{"replay", "data.csv", "t", "--print-yaml"}, {"forecast", "data.csv"}, {"forecast", "data.csv", "--json"},
}

var printed = map[string]string{"p.yaml": "source: {csv: {path: data.csv}}\nsink: drop\n", "data.csv": "timestamp,value\n2021-01-01,1\n"}

func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no such device here: ", err)
	}
	defer full.Close()
	dir := folder(t, printed)
	for _, args := range printing {
		p := command(t, dir, "localhost:1", args...)
		p.Stdout = full
		p.start()
		p.exits(1)
		if want := "pipeline: printing: write /dev/stdout: no space left on device\n"; !strings.HasSuffix(p.stderr.String(), want) {
			t.Errorf("%v says %q, want %q", args, p.stderr, want)
		}
	}
}

func TestClosedOutput(t *testing.T) {
	dir := folder(t, printed)
	for _, args := range printing {
		r, w := pipe(t)
		_ = r.Close()
		p := command(t, dir, "localhost:1", args...)
		p.Stdout = w
		p.start()
		p.exits(0)
		if p.stderr.String() != "" {
			t.Errorf("%v says %q", args, p.stderr)
		}
	}
}

// A pipe can be read once.
func TestValidateAPipe(t *testing.T) {
	r, w := pipe(t)
	p := command(t, folder(t, printed), "localhost:1", "validate", "/dev/fd/3", "--set", "name=piped")
	p.ExtraFiles = []*os.File{r}
	var out strings.Builder
	p.Stdout = &out
	if _, err := w.WriteString(printed["p.yaml"]); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	p.start()
	p.exits(0)
	if want := "/dev/fd/3: ok: piped: csv data.csv → drop\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
