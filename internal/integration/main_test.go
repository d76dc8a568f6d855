//go:build integration

// Package integration tests whole pipelines: the built binary with Apache
// Kafka.
package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen soon, on a machine
// that is busy.
const patience = time.Minute

const root = "../.."

// binary is the path of pipeline.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "pipeline")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "pipeline")
		if out, err := exec.Command("go", "build", "-o", binary, filepath.Join(root, "cmd", "pipeline")).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// folder returns a new folder with these files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for !holds() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-timeout:
			t.Fatalf("in vain: %s", what)
		}
	}
}

const sensors = 7

var firstRow = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// rows is a CSV of n rows that are step apart, with a number from 0 and a
// sensor.
func rows(n int, step time.Duration) string {
	var b strings.Builder
	b.WriteString("timestamp,sensor,n\n")
	for i := range n {
		at := firstRow.Add(time.Duration(i) * step)
		fmt.Fprintf(&b, "%s,s%d,%d\n", at.Format("2006-01-02 15:04:05.000"), i%sensors, i)
	}
	return b.String()
}
