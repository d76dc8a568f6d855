package cmd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

// patience is how long a test waits for what a process should do soon.
const patience = 20 * time.Second

// process is the binary at work, in a folder of its own.
type process struct {
	*exec.Cmd
	t      *testing.T
	stderr *transcript
	ended  chan error
}

// command prepares the binary. broker is the default address.
func command(t *testing.T, dir, broker string, args ...string) *process {
	p := &process{Cmd: exec.Command("pipeline", args...), t: t, stderr: &transcript{}, ended: make(chan error, 1)}
	p.Dir = dir
	p.Env = append(os.Environ(), kafka.EnvDefaultBroker+"="+broker, kafka.EnvBrokers+"=", "GORACE="+noRaceSleep, "TERM=xterm", "NO_COLOR=1")
	p.Stderr = p.stderr
	return p
}

func (p *process) start() {
	p.t.Helper()
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.watch()
}

// watch waits for the end of a process that was started.
func (p *process) watch() {
	go func() { p.ended <- p.Wait(); close(p.ended) }()
	p.t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
		if p.t.Failed() {
			p.t.Logf("%v says:\n%s", p.Args, p.stderr)
		}
	})
}

// says waits until standard error holds a text.
func (p *process) says(text string) {
	p.t.Helper()
	if !p.stderr.await(text) {
		p.t.Fatalf("%v doesn't say %q", p.Args, text)
	}
}

// exits waits for the end and its exit code.
func (p *process) exits(code int) {
	p.t.Helper()
	select {
	case err := <-p.ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		if got := p.ProcessState.ExitCode(); got != code {
			p.t.Fatalf("%v exits with %d, not %d", p.Args, got, code)
		}
	case <-time.After(patience):
		p.t.Fatalf("%v doesn't end", p.Args)
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// transcript keeps what is written to it, and lets others wait for a text.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

// Write implements io.Writer.
func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func (t *transcript) await(text string) bool {
	timeout := time.After(patience)
	for {
		t.mu.Lock()
		found := strings.Contains(t.text.String(), text)
		if t.changed == nil {
			t.changed = make(chan struct{})
		}
		changed := t.changed
		t.mu.Unlock()
		if found {
			return true
		}
		select {
		case <-changed:
		case <-timeout:
			return false
		}
	}
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

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// firstLine reads a line, and no byte more.
func firstLine(t *testing.T, r io.Reader) string {
	t.Helper()
	var line []byte
	b := make([]byte, 1)
	for {
		if _, err := r.Read(b); err != nil {
			t.Fatal(err)
		}
		if b[0] == '\n' {
			return string(line)
		}
		line = append(line, b[0])
	}
}
