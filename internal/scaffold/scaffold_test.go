package scaffold

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var coreRoot = filepath.Join("..", "..")

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"to-celsius", ""},
		{"a1", ""},
		{"windows", ""},
		{"", `"" can't be a transform's name: it wants small letters and digits, and dashes between them, such as to-celsius`},
		{"ToCelsius", `"ToCelsius" can't be`},
		{"to_celsius", `"to_celsius" can't be`},
		{"1a", `"1a" can't be`},
		{"a-", `"a-" can't be`},
		{"../a", `"../a" can't be`},
		{"größe", `"größe" can't be`},
		{strings.Repeat("a", 65), `aaaaaaaaaaaaaaaaaaaa… can't be a transform's name: it wants at most 64 letters`},
		{"func", `"func" can't be a transform's name: the word has a meaning in Go; choose another`},
		{"fu-nc", `"fu-nc" can't be a transform's name: the word`},
		{"main", `"main" can't be a transform's name: the word`},
		{"vendor", `"vendor" can't be a transform's name: the word`},
		{"cast", "there is a transform cast already; see  pipeline plugins describe cast  or choose another name"},
	} {
		got := ""
		if err := (Plugin{Kind: "transform", Name: c.name}).Check([]string{"cast", "rename"}); err != nil {
			got = err.Error()
		}
		if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
			t.Errorf("%q: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// The imports are what Add writes.
func TestImportsAreCurrent(t *testing.T) {
	want, err := Imports(coreRoot)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(coreRoot, "plugins/all/all.go"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("plugins/all/all.go doesn't import the plugins' folders (-want +got):\n%s", diff)
	}
}

func TestCheckout(t *testing.T) {
	root, err := filepath.Abs(coreRoot)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := Checkout(filepath.Join(root, "plugins", "transforms")); !ok || got != root {
		t.Errorf("got %s, %t, want %s", got, ok, root)
	}
	if got, ok := Checkout(t.TempDir()); ok {
		t.Errorf("an empty folder is in the checkout %s", got)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "mine"), 0o777); err != nil {
		t.Fatal(err)
	}
	const want = "mine exists already; remove it, or choose another name"
	if _, err := Module(dir, "", "v1.2.3", Plugin{Kind: "sink", Name: "mine"}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "mine")); err != nil || len(left) > 0 {
		t.Errorf("written: %v, %v", left, err)
	}
}

func TestModuleRequires(t *testing.T) {
	dir := t.TempDir()
	if _, err := Module(dir, "", "v1.2.3", Plugin{Kind: "sink", Name: "mine"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "mine", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "module example.com/mine\n\ngo 1.26.0\n\nrequire " + CoreModule + " v1.2.3\n"; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	_, err = Module(dir, dir, "", Plugin{Kind: "sink", Name: "other"})
	if err == nil || !strings.Contains(err.Error(), "is not a checkout of "+CoreModule) {
		t.Errorf("--core of another folder: %v", err)
	}
}

// A minimal transform is a page.
func TestTransformIsShort(t *testing.T) {
	files, err := Plugin{Kind: "transform", Name: "x"}.code("x")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(files[0].text), "\n"); lines > 40 {
		t.Errorf("a transform has %d lines", lines)
	}
}
