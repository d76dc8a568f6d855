//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package cmd

import (
	"errors"
	"os"
)

// keyboard is none on this system: there is no player.
type keyboard struct{ file *os.File }

func newKeyboard(*os.File) *keyboard { return nil }

func (k *keyboard) take() error { return errors.ErrUnsupported }

func (k *keyboard) leave() {}

func (k *keyboard) watch(*screen, func() func()) (lost <-chan struct{}, end func()) {
	return nil, func() {}
}

func guardAsked() bool { return false }

func guardTerminal() {}
