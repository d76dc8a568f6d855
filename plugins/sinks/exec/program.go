package exec

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/children"
)

// program is one run of the program.
type program struct {
	cmd    *exec.Cmd
	stdin  *os.File
	work   chan []byte // lines for it to read
	idle   chan struct{}
	lines  chan []byte // lines that it has written, whole ones; closed at their end
	killed chan struct{}
	once   sync.Once
	input  sync.Once
	silent chan struct{} // closed once nothing more is written to it
	exited chan struct{} // closed once it has, with err
	err    error
	fault  error // what is wrong with its output; known once lines is closed
	log    *stderrLog

	answers bool // it has answered once
}

// start starts the program.
func (h *handler) start() (*program, error) {
	p := &program{cmd: exec.Command(h.Command[0], h.Command[1:]...), work: make(chan []byte, 1), idle: make(chan struct{}, 1),
		silent: make(chan struct{}),
		lines:  make(chan []byte, 4), killed: make(chan struct{}), exited: make(chan struct{}), log: &stderrLog{log: h.log}}
	p.cmd.Dir, p.cmd.Env = h.Dir, os.Environ()
	for _, v := range h.Env {
		p.cmd.Env = append(p.cmd.Env, v.Name+"="+v.Value)
	}
	inGroup(p.cmd)
	files, err := pipes(p.cmd)
	if err != nil {
		return nil, err
	}
	err = p.cmd.Start()
	for _, f := range files.child {
		_ = f.Close() // the child has its own
	}
	if err != nil {
		for _, f := range files.ours {
			_ = f.Close()
		}
		return nil, fmt.Errorf("starting %s: %w", h.Command[0], err)
	}
	p.stdin = files.ours[0]
	var readers sync.WaitGroup
	readers.Go(func() { p.read(files.ours[1]) })
	readers.Go(func() { p.log.read(files.ours[2]) })
	go p.write()
	remove := children.Add(func() { killGroup(p.cmd) })
	go func() {
		p.err = p.cmd.Wait()
		remove()
		killGroup(p.cmd) // what it has started has its outputs, too
		readers.Wait()
		close(p.exited)
	}()
	return p, nil
}

// ends are the files of a program's standard input, output and error.
type ends struct{ ours, child []*os.File }

// pipes makes pipes of files, so that waiting for the program waits for nothing
// else.
func pipes(cmd *exec.Cmd) (e ends, err error) {
	for range 3 {
		r, w, pipeErr := os.Pipe()
		if pipeErr != nil {
			for _, f := range append(e.ours, e.child...) {
				_ = f.Close()
			}
			return e, pipeErr
		}
		e.ours, e.child = append(e.ours, r), append(e.child, w)
	}
	e.ours[0], e.child[0] = e.child[0], e.ours[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.child[0], e.child[1], e.child[2]
	return e, nil
}

// write writes what the program is to read. That it fails shows when the
// program ends.
func (p *program) write() {
	defer close(p.silent)
	for lines := range p.work {
		_, _ = p.stdin.Write(lines)
		p.idle <- struct{}{}
	}
	_ = p.stdin.Close()
}

const (
	chunk   = 64 << 10 // is read at once
	maxLine = 64 << 20 // bounds an answer
)

// read reads what the program writes. Every slice of lines has memory of its
// own: values share it.
func (p *program) read(out *os.File) {
	defer close(p.lines)
	defer out.Close()
	buf, n := make([]byte, chunk), 0 // n: bytes of a line that has no end yet
	for {
		if n == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
		m, err := out.Read(buf[n:])
		end := n + bytes.LastIndexByte(buf[n:n+m], '\n') + 1
		if n += m; end > n-m {
			lines, rest := buf[:end:end], buf[end:n]
			buf = make([]byte, max(chunk, 2*len(rest)))
			n = copy(buf, rest)
			if !p.hand(lines) {
				return
			}
		}
		if n > maxLine {
			p.fault = fmt.Errorf("the program writes a line that is longer than %d MiB, and is killed", maxLine>>20)
			return
		}
		if err != nil {
			if n > 0 { // its last line has no end
				p.hand(buf[:n])
			}
			return
		}
	}
}

// hand hands lines on, and reports false if the program has been killed.
func (p *program) hand(lines []byte) bool {
	select {
	case p.lines <- lines:
		return true
	case <-p.killed:
		return false
	}
}

// kill ends the program with all that it has started.
func (p *program) kill() {
	p.once.Do(func() {
		close(p.killed)
		killGroup(p.cmd)
	})
	<-p.exited
	_ = p.stdin.Close() // ends a write that is under way
	p.endInput()
	<-p.silent
}

func (p *program) endInput() { p.input.Do(func() { close(p.work) }) }

// stop ends the program's input, and then itself, as gently as it lets.
func (p *program) stop(patience time.Duration) {
	p.endInput()
	go func() { // until its outputs are read to their end, it has not
		for range p.lines {
		}
	}()
	for _, next := range []func(){func() { terminateGroup(p.cmd) }, p.kill} {
		timer := time.NewTimer(patience)
		select {
		case <-p.exited:
		case <-timer.C:
			next()
		}
		timer.Stop()
	}
	p.kill()
}

// how says how a program has ended.
func (p *program) how() string {
	var exit *exec.ExitError
	switch {
	case errors.As(p.err, &exit):
		return "the program has ended: " + exit.String()
	case p.err == nil:
		return "the program has ended: exit status 0"
	}
	return "the program has ended"
}

// ended is what is said of a program that has ended.
func (p *program) ended() error {
	if p.fault != nil {
		return p.fault
	}
	what := p.how()
	if last := p.log.last(); last != "" {
		return fmt.Errorf("%s; it said: %s", what, last)
	}
	return errors.New(what)
}
