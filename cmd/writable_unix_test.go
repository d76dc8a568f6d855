//go:build !windows

package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that has a name may have no reader: opening it would wait for one.
func TestReportToAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no pipes here: ", err)
	}
	want := "--report " + pipe + ": is a pipe, for which nobody may be there; name a file"
	if err := checkReport(pipe); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// Standard output may be one.
func TestReportToStandardOutput(t *testing.T) {
	p := command(t, folder(t, printed), "localhost:1", "run", "p.yaml", "--report", "/dev/stdout", "--quiet")
	r, w := pipe(t)
	p.Stdout = w
	p.start()
	if line := firstLine(t, r); line != "{" {
		t.Errorf("got %q", line)
	}
	p.exits(0)
}

// Where that is a file, what is printed stays.
func TestReportAfterTheRecords(t *testing.T) {
	dir := folder(t, printed)
	p := command(t, dir, "localhost:1", "run", "p.yaml", "--set", "sink=print", "--report", "/dev/stdout", "--quiet")
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p.Stdout = out
	p.start()
	p.exits(0)
	text, err := os.ReadFile(out.Name())
	if want := `{"timestamp":"2021-01-01","value":1}` + "\n{\n"; err != nil || !strings.HasPrefix(string(text), want) {
		t.Errorf("%s, %v", text, err)
	}
}

// A report or a position that can't be kept is found before anything is
// opened.
func TestUnwritableFound(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("everything is writable for root")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := checkReport(filepath.Join(dir, "x")); err == nil {
		t.Error("a report in a folder that can't be written")
	}
}
