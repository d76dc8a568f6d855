//go:build unix

package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// Real files are played to their ends, in two seconds each, after every key has
// been pressed. No line is ever wrapped, and nothing flickers.
func TestPlayerPlaysFiles(t *testing.T) {
	const width = 100
	files, _ := filepath.Glob("../../shared/data/*.csv")
	if len(files) == 0 {
		t.Skip("there are no files")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			rows, first, speed := recording(t, file, 2*time.Second)
			path, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			config := fmt.Sprintf("source:\n  csv: {path: %q}\npace: {speed: %d}\nsink:\n  file: {path: out.jsonl}\n", path, speed)
			press, rest := steps([]step{
				{`play  playing +speed ` + fmt.Sprint(speed) + " ", " "},
				{`play  paused`, "1"},
				{`paused +speed 1 `, "\x1b[C\x1b[1;2C\x1b[D\x1b[1;2D\x1b[A\x1b[Bgsoon\r"},
				{`no time: "soon"`, "g" + first + "\r"},
				{`paused +speed 1 .*\n` + first + `  ●`, "."},
				{`"?` + first + `"?,`, "n0"},
				{`paused +speed ` + fmt.Sprint(speed) + " ", " "},
			})
			p := command(t, folder(t, map[string]string{"play.yaml": config}), freeport.Addr(), "run", "play.yaml")
			end := onTerminal(t, width, p, func(keys io.Writer, s *terminal) {
				for _, row := range s.rows {
					if ansi.StringWidth(string(row)) >= width {
						t.Errorf("a line is %d columns wide:\n%s", width, s)
					}
				}
				press(keys, s)
			})
			p.exits(0)
			want := regexp.MustCompile(`\Aplay  completed in .*\n.* records? .*→ file .*\n  (on time|late): .*\n`)
			if left := rest(); len(left) > 0 || !want.MatchString(end.String()) {
				t.Errorf("it has not shown %q; in the end:\n%s", left, end)
			}
			if n := bytes.Count(end.raw, []byte("\x1b[J")); n != 1 {
				t.Errorf("the player is drawn anew %d times, and so flickers", n-1)
			}
			if out, _ := os.ReadFile(filepath.Join(p.Dir, "out.jsonl")); bytes.Count(out, []byte("\n")) < rows {
				t.Errorf("%d rows are played, of %d", bytes.Count(out, []byte("\n")), rows)
			}
		})
	}
}

// recording returns how many rows a file has, its first time, and the speed at
// which it takes as long as is wanted.
func recording(t *testing.T, file string, takes time.Duration) (rows int, first string, speed int64) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	var times [2]time.Time
	for i, line := range []string{lines[0], lines[len(lines)-1]} {
		text, _, _ := strings.Cut(line, ",")
		if times[i], err = time.Parse(time.DateTime, text); err != nil {
			t.Fatal(err)
		}
	}
	return len(lines), times[0].Format(time.DateTime), int64(times[1].Sub(times[0]) / takes)
}
