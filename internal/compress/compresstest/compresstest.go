// Package compresstest makes compressed files for tests.
package compresstest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Write writes a text to a file in dir as it is, and beside it compressed, with
// the suffixes .gz and .zst. It returns the three paths, in this order.
func Write(t testing.TB, dir, name, text string) []string {
	t.Helper()
	path := filepath.Join(dir, name)
	paths := []string{path, path + ".gz", path + ".zst"}
	for i, data := range [][]byte{[]byte(text), Gzip(t, text), Zstd(t, text)} {
		if err := os.WriteFile(paths[i], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// Gzip returns a text compressed with gzip.
func Gzip(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	pack(t, gzip.NewWriter(&b), text)
	return b.Bytes()
}

// Zstd returns a text compressed with Zstandard.
func Zstd(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	pack(t, w, text)
	return b.Bytes()
}

func pack(t testing.TB, w io.WriteCloser, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
