package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The documents that are generated say what the code says.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	root := filepath.Join("..", "..")
	want, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range want {
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Errorf("%v; run  make docs", err)
		} else if diff := cmp.Diff(text, string(got)); diff != "" {
			t.Errorf("%s is not current; run  make docs  (-want +got):\n%s", path, diff)
		}
	}
	err = fs.WalkDir(os.DirFS(root), "docs/reference", func(path string, entry fs.DirEntry, err error) error {
		if _, ok := want[path]; err == nil && !entry.IsDir() && !ok {
			t.Errorf("nothing makes %s; run  make docs, or remove it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWrite(t *testing.T) {
	root := t.TempDir()
	old := filepath.Join(root, "docs/reference/plugins/sink-gone.md")
	if err := os.MkdirAll(filepath.Dir(old), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := write(root, map[string]string{"docs/reference/plugins/sink-new.md": "new", "docs/a.md": "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the page of a plugin that is no more is still there")
	}
	for path, want := range map[string]string{"docs/reference/plugins/sink-new.md": "new", "docs/a.md": "a"} {
		if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestPackageComment(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"one sentence", "// Package p is a sink.\npackage p\n", ""},
		{"two paragraphs", "// Package p is a sink\n// of its own.\n//\n// It writes\n// v1.2 text.\npackage p\n", "It writes\nv1.2 text.\n"},
		{"two sentences", "// Package p is a sink. It writes.\npackage p\n", "It writes.\n"},
	} {
		dir := t.TempDir()
		for file, code := range map[string]string{"a.go": "package p\n", "b.go": c.code, "a_test.go": "// Not this.\npackage p\n"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(code), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		comment, err := packageComment(dir)
		if got := firstSentence.ReplaceAllString(comment, ""); got != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	if _, err := packageComment(t.TempDir()); err == nil {
		t.Error("a package without a comment is accepted")
	}
}
