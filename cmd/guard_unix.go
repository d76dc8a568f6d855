//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package cmd

import (
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// guardArgument is the only argument of a process that guards the terminal.
const guardArgument = "guard-terminal"

// guard is a child that leaves the terminal as it was found where the process
// itself can't: when it is killed, or a goroutine panics. It reads from a pipe,
// into which a crash writes what it prints, and which ends with the process.
type guard struct {
	child *exec.Cmd
	pipe  *os.File
}

// termModes are how a terminal is while its keys are taken, and how it was found.
type termModes struct{ Taken, Found unix.Termios }

// startGuard starts the guard of a terminal. It does nothing before watch.
func startGuard(tty *os.File) (*guard, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	child := &exec.Cmd{Path: self, Args: []string{"pipeline", guardArgument}, Stdin: r, Stdout: tty, Stderr: os.Stderr}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what is sent to the process's group is not for the guard
	if err := child.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &guard{child, w}, nil
}

// watch has the guard leave the terminal once this process has ended.
func (g *guard) watch(m *termModes) error {
	if err := binary.Write(g.pipe, binary.NativeEndian, m); err != nil {
		return err
	}
	return debug.SetCrashOutput(g.pipe, debug.CrashOptions{})
}

// end ends the guard, which does nothing more, and waits until it has gone.
func (g *guard) end() {
	if g == nil {
		return
	}
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
	_ = g.child.Process.Kill()
	_ = g.child.Wait()
	_ = g.pipe.Close()
}

// guardAsked reports whether this process has been started to guard a terminal,
// and not by somebody who wonders what that is.
func guardAsked() bool { return len(os.Args) == 2 && os.Args[1] == guardArgument && isPipe(os.Stdin) }

// guardTerminal is what the guard does. Its standard input is the pipe, its
// output the terminal from which keys are taken, and its standard error the one
// that shows the player.
func guardTerminal() {
	// Only the process ends it. SIGTTOU would stop a change from the background.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGTSTP, syscall.SIGTTOU, syscall.SIGPIPE)
	nameProcess(guardArgument)
	var m termModes
	if err := binary.Read(os.Stdin, binary.NativeEndian, &m); err != nil {
		return // the process has ended before it took the keys
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
	m.restore()
	_, _ = io.Copy(io.Discard, os.Stdin) // a crash that is still being told
}

// restore restores the terminal, unless somebody else has changed it meanwhile,
// as a shell does that waits for the process.
func (m *termModes) restore() {
	keys := keyboard{file: os.Stdout}
	if now, err := keys.modes(); err != nil || *now != m.Taken || keys.set(&m.Found) != nil {
		return
	}
	drawn := make(chan struct{})
	go func() { // which waits for a terminal that is held
		defer close(drawn)
		_, _ = io.WriteString(os.Stderr, "\x1b[m\x1b[J") // no colours, and no rest of a status line behind the prompt
	}()
	select {
	case <-drawn:
	case <-time.After(atOnce):
	}
}
