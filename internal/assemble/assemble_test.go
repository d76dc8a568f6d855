package assemble

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePlugin(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Plugin
		err  string
	}{
		{in: "example.com/a", want: Plugin{Package: "example.com/a"}},
		{in: "example.com/a@v1.2.0", want: Plugin{Package: "example.com/a", Version: "v1.2.0"}},
		{in: "example.com/a=../a b=c", want: Plugin{Package: "example.com/a", Dir: "../a b=c"}},
		{in: "", err: "wants MODULE, MODULE@VERSION or MODULE=PATH"},
		{in: "=a", err: "wants MODULE, MODULE@VERSION or MODULE=PATH"},
		{in: "a=", err: "wants MODULE, MODULE@VERSION or MODULE=PATH"},
		{in: "a@", err: "wants MODULE, MODULE@VERSION or MODULE=PATH"},
		{in: "a b", err: "wants MODULE, MODULE@VERSION or MODULE=PATH"},
		{in: "../a", err: "wants the module's name before its folder"},
		{in: "/a", err: "wants the module's name before its folder"},
		{in: "a@v1=b", err: "has both a version and a folder"},
	} {
		got, err := ParsePlugin(c.in)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.in, diff)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %v, want %s", c.in, err, c.err)
		}
	}
}

// What the go command says in its own folder is told from the user's.
func TestSaid(t *testing.T) {
	from := t.TempDir()
	g := &goTool{dir: filepath.Join(from, "tmp", "build"), from: filepath.Join(from, "home")}
	text := `go: downloading example.com/a v1.0.0
# example.com/mine
../../home/mine/mine.go:3:4: undefined: x
	../../home/mine/mine.go:9:1: other declaration of y
go: example.com/a@v9.9.9: not found
pipeline-with-plugins: no such thing
`
	want := strings.Join([]string{
		filepath.Join("mine", "mine.go") + ":3:4: undefined: x",
		"\t" + filepath.Join("mine", "mine.go") + ":9:1: other declaration of y",
		"example.com/a@v9.9.9: not found",
		"no such thing",
	}, "\n")
	if diff := cmp.Diff(want, g.said(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
