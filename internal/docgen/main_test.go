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
	want := files()
	for path, text := range want {
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Errorf("%v; run  make docs", err)
		} else if diff := cmp.Diff(text, string(got)); diff != "" {
			t.Errorf("%s is not current; run  make docs  (-want +got):\n%s", path, diff)
		}
	}
	err := fs.WalkDir(os.DirFS(root), "docs/reference", func(path string, entry fs.DirEntry, err error) error {
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
	if err := write(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the page of a plugin that is no more is still there")
	}
	for path := range files() {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Error(err)
		}
	}
}
