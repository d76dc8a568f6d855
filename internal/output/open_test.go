package output

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

// What is done to a file that is being written.
var disturbances = []struct {
	name string
	do   func(path string) error
	want string
}{
	{"nothing", func(string) error { return nil }, ""},
	{"removed", os.Remove, " was removed or renamed while it was being written"},
	{"renamed", func(path string) error { return os.Rename(path, path+".1") }, " was removed or renamed"},
	{"replaced", func(path string) error {
		if err := os.Rename(path, path+".1"); err != nil {
			return err
		}
		return os.WriteFile(path, []byte("other\n"), 0o644)
	}, "another file has taken the place of "},
}

func TestFileOutOfPlace(t *testing.T) {
	for _, c := range disturbances {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			f, size, err := OpenFile(path, Create, slog.New(slog.DiscardHandler), nil)
			if err != nil {
				t.Fatal(err)
			}
			s := NewFile(f, size, appendLines)
			if err := store(t, s, batch(pipeline.Int(1))); err != nil {
				t.Fatal(err)
			}
			if err := c.do(path); err != nil {
				t.Skip("not possible here: ", err)
			}
			err = store(t, s, batch(pipeline.Int(2)))
			closed := s.Close()
			for when, err := range map[string]error{"stored": err, "closed": closed} {
				switch {
				case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !pipeline.IsPermanent(err)):
					t.Errorf("%s: %v", when, err)
				}
			}
		})
	}
}
