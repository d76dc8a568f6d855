package compress

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline/internal/compress/compresstest"
)

var text = strings.Repeat("2021-01-01 00:00:00,s-1,20.5\n", 5_000)

func TestRead(t *testing.T) {
	for name, data := range files(t, text) {
		t.Run(name, func(t *testing.T) {
			f := open(t, name, data)
			if f.Size() != int64(len(data)) || f.Consumed() != 0 {
				t.Errorf("before: size %d, consumed %d", f.Size(), f.Consumed())
			}
			if err := iotest.TestReader(f, []byte(text)); err != nil {
				t.Error(err)
			}
			if f.Consumed() != int64(len(data)) {
				t.Errorf("after: consumed %d of %d", f.Consumed(), len(data))
			}
		})
	}
}

func TestSkipTo(t *testing.T) {
	for name, data := range files(t, text) {
		t.Run(name, func(t *testing.T) {
			for _, offset := range []int{0, 1, 100_001, len(text)} {
				f := open(t, name, data)
				if err := f.SkipTo(t.Context(), int64(offset)); err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(f); err != nil || string(got) != text[offset:] {
					t.Errorf("from %d: %d bytes, %v; want %d", offset, len(got), err, len(text)-offset)
				}
			}
			if err := open(t, name, data).SkipTo(t.Context(), int64(len(text)+1)); err != io.ErrUnexpectedEOF {
				t.Errorf("past the end: %v", err)
			}
		})
	}
}

func TestGrows(t *testing.T) {
	f := open(t, "a.csv", []byte("a\nb\n"))
	change(t, f.path, func(w *os.File) error { _, err := w.Write([]byte("c\n")); return err })
	if got, err := io.ReadAll(f); string(got) != "a\nb\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestShrinks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var long strings.Builder
	for range 20_000 {
		fmt.Fprintln(&long, random.Uint64())
	}
	for name, data := range files(t, long.String()) {
		t.Run(name, func(t *testing.T) {
			f := open(t, name, data)
			if _, err := io.ReadFull(f, make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			change(t, f.path, func(w *os.File) error { return w.Truncate(f.Consumed()) })
			_, err := io.ReadAll(f)
			if !errors.Is(err, ErrShrank) || !strings.Contains(err.Error(), f.path) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
	for name, data := range files(t, text) {
		if !IsCompressed(name) {
			continue
		}
		if _, err := io.ReadAll(open(t, name, data[:len(data)/2])); err == nil || !strings.Contains(err.Error(), "ends too early") || !strings.Contains(err.Error(), name) {
			t.Errorf("half of %s: %v", name, err)
		}
		if _, err := io.ReadAll(open(t, name, []byte(text))); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("text named %s: %v", name, err)
		}
	}
}

// files returns text as it is, and compressed, by file name.
func files(t *testing.T, text string) map[string][]byte {
	return map[string][]byte{"a.csv": []byte(text), "a.csv.gz": compresstest.Gzip(t, text), "a.csv.zst": compresstest.Zstd(t, text)}
}

func open(t *testing.T, name string, data []byte) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func change(t *testing.T, path string, how func(*os.File) error) {
	t.Helper()
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(how(w), w.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
