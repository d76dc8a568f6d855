//go:build integration

package integration

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// process is pipeline run at work.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr *output
	reportFile     string
	began          time.Time
	err            error         // how it ended
	ended          chan struct{} // closed then
}

// start runs pipelines in a folder, with these brokers in the environment.
func start(t *testing.T, dir, brokers string, args ...string) *process {
	t.Helper()
	return launch(t, binary, dir, brokers, "run", args...)
}

// launch runs a command, of the stock binary or another one, that runs pipelines.
func launch(t *testing.T, program, dir, brokers, command string, args ...string) *process {
	t.Helper()
	p := &process{t: t, stdout: newOutput(), stderr: newOutput(),
		reportFile: filepath.Join(t.TempDir(), "report.json"), began: time.Now(), ended: make(chan struct{})}
	p.cmd = exec.Command(program, append([]string{command, "--report", p.reportFile}, args...)...)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "KAFKA_BROKERS="+brokers, "PIPELINE_DEFAULT_BROKER="+freeport.Addr(),
		"GORACE=atexit_sleep_ms=0") // of a binary that is built with -race
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%v says:\n%s", p.cmd.Args[1:], p.stderr)
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// name is that of the only pipeline, which is that of its file.
func (p *process) name() string {
	i := slices.IndexFunc(p.cmd.Args, func(arg string) bool { return strings.HasSuffix(arg, ".yaml") })
	return strings.TrimSuffix(p.cmd.Args[i], ".yaml")
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// exits waits for the end and the exit code; -1 is that of a killed process.
func (p *process) exits(code int, within time.Duration) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.t.Fatalf("%v does not end within %v", p.cmd.Args[1:], within)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatal(p.err)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("%v exits with %d, want %d", p.cmd.Args[1:], got, code)
	}
}

// says waits until standard error holds a text.
func (p *process) says(text string, within time.Duration) {
	p.t.Helper()
	if !p.stderr.await(within, func(said string) bool { return strings.Contains(said, text) }) {
		p.t.Fatalf("%v does not say %q within %v", p.cmd.Args[1:], text, within)
	}
}

// prints waits until standard output has n lines, and returns them.
func (p *process) prints(n int) []string {
	p.t.Helper()
	if !p.stdout.await(patience, func(text string) bool { return strings.Count(text, "\n") >= n }) {
		p.t.Fatalf("%v prints %d lines, want %d", p.cmd.Args[1:], len(lines(p.stdout.String())), n)
	}
	return lines(p.stdout.String())
}

// lines returns the complete lines of a text.
func lines(text string) []string {
	all := strings.Split(text, "\n")
	return all[:len(all)-1]
}

// outcome is a pipeline's part of the report.
type outcome struct {
	Name    string
	State   string
	Error   string
	Records counts
}

// counts are the records of an outcome.
type counts struct {
	Read, Written, Filtered, Failed, Skipped int
	DeadLettered                             int `json:"dead_lettered"`
}

// outcome reads the report on a pipeline.
func (p *process) outcome(name string) outcome {
	p.t.Helper()
	text, err := os.ReadFile(p.reportFile)
	if err != nil {
		p.t.Fatal(err)
	}
	var report struct{ Pipelines []outcome }
	if err := json.Unmarshal(text, &report); err != nil {
		p.t.Fatal(err)
	}
	i := slices.IndexFunc(report.Pipelines, func(o outcome) bool { return o.Name == name })
	if i < 0 {
		p.t.Fatalf("the report does not tell of %s:\n%s", name, text)
	}
	return report.Pipelines[i]
}

// reports checks what the report says of a pipeline that did not fail.
func (p *process) reports(name, state string, want counts) {
	p.t.Helper()
	if diff := cmp.Diff(outcome{Name: name, State: state, Records: want}, p.outcome(name)); diff != "" {
		p.t.Error(diff)
	}
}

// failedWith checks that a pipeline failed with such an error before it read
// anything, and that the user is told in one line.
func (p *process) failedWith(name, want string) {
	p.t.Helper()
	o := p.outcome(name)
	if !strings.HasPrefix(o.Error, want) || strings.Contains(o.Error, "\n") || o.State != "failed" || o.Records != (counts{}) {
		p.t.Errorf("%+v\nwant %s…", o, want)
	}
	p.says(want, 0)
}

// output keeps what is written to it.
type output struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed by the next write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	close(o.changed)
	o.changed = make(chan struct{})
	return len(p), nil
}

func (o *output) now() (text string, changed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text), o.changed
}

func (o *output) String() string {
	text, _ := o.now()
	return text
}

// await waits until something holds of the text.
func (o *output) await(within time.Duration, holds func(string) bool) bool {
	timeout := time.After(within)
	for {
		text, changed := o.now()
		if holds(text) {
			return true
		}
		select {
		case <-changed:
		case <-timeout:
			return false
		}
	}
}
