//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// binary is the built command.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipeline")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/pipeline").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// used is what one run of a command took.
type used struct {
	wall, cpu time.Duration
	memory    int64 // the most that was resident, in bytes
}

func run(t *testing.T, name string, args ...string) used {
	t.Helper()
	return runCommand(t, exec.Command(name, args...))
}

// runRole runs this binary as one of the programs.
func runRole(t *testing.T, role string, env []string, args ...string) used {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), roleVariable+"="+role), env...)
	return runCommand(t, cmd)
}

func runCommand(t *testing.T, cmd *exec.Cmd) used {
	t.Helper()
	var out strings.Builder
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended, peak := make(chan struct{}), make(chan int64)
	go func() { peak <- watchMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	wall := time.Since(began)
	close(ended)
	memory := <-peak
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out.String())
	}
	return used{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), memory}
}

// watchMemory returns the most memory that a process has had up to its end. Its
// resource usage doesn't tell: that begins with the memory of who starts it.
func watchMemory(pid int, ended <-chan struct{}) (peak int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return peak
		case <-tick.C:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if _, line, ok := strings.Cut(string(status), "VmHWM:"); ok {
				var kb int64
				_, _ = fmt.Sscan(line, &kb)
				peak = max(peak, kb<<10)
			}
		}
	}
}

// readJSON reads what a program has written.
func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// leave writes what a program has to say when it ends.
func leave(path string, v any) {
	text, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		fail(err)
	}
}

// fail ends a program.
func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
