//go:build unix

package cmd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// Two runs of one pipeline would move one position: the second is refused, and
// begins where the first has ended once that is done.
func TestOneRunAPosition(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"follow.yaml": "source:\n  csv: {path: data.csv, follow: true}\nresume: true\nsink: print\n",
		"data.csv":    "timestamp,value\n2021-01-01 00:00:00,1\n",
	})
	first := command(t, dir, freeport.Addr(), "run", "follow.yaml")
	r, w := pipe(t)
	first.Stdout = w
	first.start()
	firstLine(t, r)

	second := command(t, dir, freeport.Addr(), "run", "follow.yaml")
	second.start()
	second.exits(1)
	second.says("another run of pipeline follow is using it")

	if err := first.Process.Kill(); err != nil { // nor does the lock outlive its process
		t.Fatal(err)
	}
	first.exits(-1)
	more := []byte("timestamp,value\n2021-01-01 00:00:00,1\n2021-01-01 00:00:01,2\n")
	if err := os.WriteFile(filepath.Join(dir, "data.csv"), more, 0o644); err != nil {
		t.Fatal(err)
	}
	third := command(t, dir, freeport.Addr(), "run", "follow.yaml", "--limit", "1")
	third.Stdout = w
	third.start()
	third.exits(0)
	third.says("that run did not end in order, and what it stored after this place comes once more")
}
