//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package cmd

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// keyboard is the terminal from which a player reads keys. While it is taken,
// keys are not echoed and come without Enter; Ctrl-C still is a signal, and
// output is what it was.
type keyboard struct {
	mu    sync.Mutex
	file  *os.File
	found *unix.Termios // how it was; nil: it is not taken
	guard *guard        // while it is taken; nil: there is none
}

// newKeyboard returns nil where no keys can be read: the file is no terminal,
// or that of another program, as in the background of a shell.
func newKeyboard(f *os.File) *keyboard {
	k := &keyboard{file: f}
	if !term.IsTerminal(int(f.Fd())) || !k.foreground() {
		return nil
	}
	return k
}

// foreground reports whether this program is the one that may read keys.
func (k *keyboard) foreground() bool {
	group, err := unix.IoctlGetInt(int(k.file.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// take has keys come one by one.
func (k *keyboard) take() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, err := k.modes()
	if err != nil {
		return err
	}
	taken := *found
	taken.Iflag &^= unix.ICRNL
	taken.Lflag &^= unix.ICANON | unix.ECHO
	taken.Cc[unix.VMIN], taken.Cc[unix.VTIME] = 1, 0
	if k.guard, err = startGuard(k.file); err != nil {
		k.guard = nil // the player does without, as where no process may be started
	}
	if err := k.set(&taken); err != nil {
		k.guard.end()
		return err
	}
	k.found = found
	if now, err := k.modes(); err == nil && k.guard != nil {
		_ = k.guard.watch(&termModes{Taken: *now, Found: *found}) // an error is that the guard has gone
	}
	return nil
}

func (k *keyboard) modes() (*unix.Termios, error) {
	return unix.IoctlGetTermios(int(k.file.Fd()), getTermios)
}

func (k *keyboard) set(modes *unix.Termios) error {
	return unix.IoctlSetTermios(int(k.file.Fd()), setTermios, modes)
}

// leave leaves the terminal as it was found. It may be called at any time.
func (k *keyboard) leave() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.found != nil {
		_ = k.set(k.found) // without the terminal there is nothing to restore
		k.found = nil
		k.guard.end()
	}
}

// watch leaves the terminal while the process is stopped by Ctrl-Z, and before
// it is ended by Ctrl-\. hold is called before the former, and what it returns
// when the process goes on. lost is closed if it does so in the background.
func (k *keyboard) watch(s *screen, hold func() (goOn func())) (lost <-chan struct{}, end func()) {
	signals, ended, background := make(chan os.Signal, 2), make(chan struct{}), make(chan struct{})
	signal.Notify(signals, syscall.SIGTSTP, syscall.SIGQUIT)
	go func() {
		for {
			select {
			case got := <-signals:
				k.leave()
				if got == syscall.SIGQUIT {
					s.close()
					signal.Reset(got)
					_ = unix.Kill(unix.Getpid(), syscall.SIGQUIT)
					return
				}
				goOn := hold()
				s.hide()
				_ = unix.Kill(unix.Getpid(), syscall.SIGSTOP) // returns once it goes on
				goOn()
				if !k.foreground() || k.take() != nil {
					close(background)
					return
				}
			case <-ended:
				return
			}
		}
	}()
	return background, func() { signal.Stop(signals); close(ended) }
}
