//go:build unix

package cmd

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// A program that never answers is waited for, of which Ctrl-C tells; a second
// one takes it along, with what it has started.
func TestInterruptAtProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, grace string
		twice       bool
		code        int
		want        string
	}{
		{"once", "50ms", false, 0, "its records will be read again"},
		{"twice", "1h", true, exitForced, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{
				"hangs.sh":   "exec 3>alive\nsleep 1000 &\nread -r line\necho ready >&2\nwait\n",
				"data.csv":   "value\n1\n2\n",
				"hangs.yaml": "source:\n  csv: {path: data.csv}\nhandler:\n  exec: {command: [sh, hangs.sh]}\n",
			})
			fifo := filepath.Join(dir, "alive")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			p := command(t, dir, freeport.Addr(), "run", "hangs.yaml", "--grace", c.grace)
			p.start()
			alive, err := os.Open(fifo) // until the program has opened it, too
			if err != nil {
				t.Fatal(err)
			}
			p.says("ready")
			p.signal(os.Interrupt)
			if c.twice {
				p.says("stopping: waiting for 1 record at handler exec (up to 1h0m0s); press Ctrl-C again to quit at once")
				p.signal(os.Interrupt)
			}
			p.exits(c.code)
			p.says(c.want)
			_, readErr := io.ReadAll(alive) // until nobody has it open
			if err := errors.Join(readErr, alive.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}
