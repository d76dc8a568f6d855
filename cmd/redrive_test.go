//go:build unix

package cmd

import (
	"bufio"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// A redrive that is killed goes on near where it was, and leaves nothing out.
func TestKilledRedriveGoesOn(t *testing.T) {
	t.Parallel()
	const letters = 50_000
	var text strings.Builder
	for i := range letters {
		fmt.Fprintf(&text, `{"pipeline":"p","stage":"transform","origin":{"file":"numbers.jsonl","line":%d},"value":"%d"}`+"\n", i+1, i)
	}
	dir := folder(t, map[string]string{
		"p.yaml":         "source:\n  file: {path: numbers.jsonl}\nsink: print\n",
		"numbers.jsonl":  "0\n",
		"rejected.jsonl": text.String(),
	})
	killed := command(t, dir, freeport.Addr(), "redrive", "p.yaml", "--from", "rejected.jsonl")
	r, w := pipe(t)
	killed.Stdout = w
	killed.start()
	lines := bufio.NewScanner(r)
	for i := range 5000 { // more than two batches: the position of the first is kept
		if !lines.Scan() || lines.Text() != strconv.Itoa(i) {
			t.Fatalf("line %d is %q", i, lines.Text())
		}
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed.exits(-1)

	again := command(t, dir, freeport.Addr(), "redrive", "p.yaml", "--from", "rejected.jsonl")
	rest := redriven(t, again.Cmd)
	if len(rest) == 0 || rest[0] == 0 || rest[0] > letters/2 || rest[len(rest)-1] != letters-1 || len(rest) != letters-rest[0] {
		t.Errorf("%d letters were redriven after the first run was killed: from %d", len(rest), rest[0])
	}
}

// redriven runs a command and returns the numbers that it prints.
func redriven(t *testing.T, c *exec.Cmd) (numbers []int) {
	t.Helper()
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}
