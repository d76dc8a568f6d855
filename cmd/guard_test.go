//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package cmd

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// crashing is pipeline with a goroutine that panics when SIGUSR1 says so.
func init() {
	programs["crashing"] = func() {
		if !guardAsked() {
			crash := make(chan os.Signal, 1)
			signal.Notify(crash, syscall.SIGUSR1)
			go func() { <-crash; panic("a crash elsewhere") }()
		}
		Main()
	}
}

// shell prepares a shell that runs a script, beside whose files the programs
// run.
func shell(t *testing.T, files map[string]string, script string) *process {
	t.Helper()
	path, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	p := command(t, folder(t, files), freeport.Addr())
	p.Path, p.Args = path, []string{"sh", "-c", script}
	return p
}

// number is what a script has written into a file.
func number(t *testing.T, dir, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The terminal is left as it was found when the process is killed, and when it
// crashes where no player can know of it: onTerminal looks at that. What ends in
// order needs no help.
func TestGuard(t *testing.T) {
	guarded := []byte("\x1b[m\x1b[J")
	for _, c := range []struct {
		name, program string
		signal        syscall.Signal
		code          string
		guarded       bool
		says          string
	}{
		{"killed", "pipeline", syscall.SIGKILL, "137", true, "code 137"},
		{"crashed elsewhere", "crashing", syscall.SIGUSR1, "2", true, "panic: a crash elsewhere"},
		{"terminated", "pipeline", syscall.SIGTERM, "0", false, "show  stopped after"},
		{"hung up", "pipeline", syscall.SIGHUP, "0", false, "show  stopped after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.signal == syscall.SIGHUP {
				skipUnderNohup(t)
			}
			p := shell(t, hourly(), "sh -c 'echo $$ >pid; exec "+c.program+" run show.yaml'; echo code $?; read line")
			ended, gone := false, false
			end := onTerminal(t, 80, p, func(keys io.Writer, s *terminal) {
				switch {
				case !ended && strings.Contains(s.String(), "show  playing"):
					ended = true
					if err := syscall.Kill(number(t, p.Dir, "pid"), c.signal); err != nil {
						t.Error(err)
					}
				case ended && !gone && strings.Contains(s.String(), "code "+c.code) && bytes.Contains(s.raw, guarded) == c.guarded:
					gone = true
					_, _ = io.WriteString(keys, "\r") // which ends a line only on a terminal that is restored
				}
			})
			p.exits(0)
			if !gone || !strings.Contains(end.String(), c.says) {
				t.Errorf("the terminal shows in the end:\n%s", end)
			}
		})
	}
}

// A terminal that is closed ends the player, and no guard is left behind.
func TestTerminalCloses(t *testing.T) {
	t.Parallel()
	skipUnderNohup(t)
	p := command(t, folder(t, hourly()), freeport.Addr(), "run", "show.yaml")
	tty, slave := openTerminal(t, 80, 24)
	p.startOn(slave)
	screen := newTerminal(80)
	for buf := make([]byte, 4096); !strings.Contains(screen.String(), "show  playing"); {
		n, err := tty.Read(buf)
		if _, _ = screen.Write(buf[:n]); err != nil {
			t.Fatal(err)
		}
	}
	guard := guardOf(t, p.Process.Pid)
	_ = tty.Close()
	p.exits(0)
	if err := syscall.Kill(guard, 0); err != syscall.ESRCH {
		t.Errorf("the guard is left behind: %v", err)
	}
}

// The guard is no command.
func TestGuardByHand(t *testing.T) {
	t.Parallel()
	if got := said(t, folder(t, nil), 2, guardArgument); !strings.Contains(got, "unknown command") {
		t.Error(got)
	}
}

// guardOf returns the number of the process that guards a process's terminal.
func guardOf(t *testing.T, pid int) int {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-o", "ppid=,pid=,args=").Output()
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); f[0] == strconv.Itoa(pid) && f[len(f)-1] == guardArgument {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	t.Fatalf("process %d has no guard:\n%s", pid, out)
	return 0
}

// What a shell has changed when the process is gone stays.
func TestGuardYields(t *testing.T) {
	_, tty := openTerminal(t, 80, 24)
	k := keyboard{file: tty}
	if err := k.take(); err != nil {
		t.Fatal(err)
	}
	defer k.leave()
	changed := modes(t, tty)
	changed.Cc[syscall.VLNEXT] = 0
	if err := k.set(changed); err != nil {
		t.Fatal(err)
	}
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
	_ = k.guard.pipe.Close() // as the end of the process does
	if err := k.guard.child.Wait(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(changed, modes(t, tty)); diff != "" {
		t.Error(diff)
	}
}
