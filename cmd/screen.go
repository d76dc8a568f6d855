package cmd

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// screen keeps status lines at the bottom of a terminal, below what scrolls.
// A nil screen is none: all of its methods may be called.
type screen struct {
	mu     sync.Mutex
	out    io.Writer
	size   func() (width, height int)
	lines  []string // the status lines
	drawn  []int    // the lengths of those that are on the terminal
	broken bool     // what stands above has not ended its line yet
	closed bool
}

func newScreen(f *os.File) *screen {
	return &screen{out: f, size: func() (width, height int) {
		width, height, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 || height <= 0 {
			return 80, 24
		}
		return width, height
	}}
}

// show replaces the status lines by those that render returns for the size of
// the terminal, into which they must fit with a column and a row to spare.
func (s *screen) show(render func(width, height int) []string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	lines := render(s.size())
	if slices.Equal(lines, s.lines) && len(s.drawn) > 0 {
		return
	}
	var b bytes.Buffer
	if len(lines) == len(s.drawn) && s.whole() {
		s.update(&b, lines)
		s.lines = lines
	} else {
		s.lines = lines
		s.erase(&b)
		s.draw(&b)
	}
	s.flush(&b)
}

// whole reports whether no line that is on the terminal is wrapped, as it is
// where the terminal has become narrower.
func (s *screen) whole() bool {
	width, _ := s.size()
	return slices.Max(s.drawn) <= width
}

// update writes only what changes, so that nothing flickers, and a slow
// terminal has little to do. The last line may have an echoed ^C.
func (s *screen) update(b *bytes.Buffer, lines []string) {
	b.WriteString("\r" + strings.Repeat("\x1b[A", len(lines)-1))
	for i, line := range lines {
		if last := i == len(lines)-1; line != s.lines[i] || last {
			b.WriteString(line + "\x1b[K")
			s.drawn[i] = ansi.StringWidth(line)
		}
		if i < len(lines)-1 {
			b.WriteString("\r\n")
		}
	}
	b.WriteString("\r")
}

func (s *screen) flush(b *bytes.Buffer) {
	if b.Len() > 0 {
		_, _ = b.WriteTo(s.out) // without the terminal there is nobody to tell
	}
}

// close takes the status lines away for good. It does not wait for long: a
// terminal that is held (Ctrl-S) must not keep the process from its end.
func (s *screen) close() {
	if s == nil {
		return
	}
	for range 100 {
		if s.mu.TryLock() {
			defer s.mu.Unlock()
			var b bytes.Buffer
			s.erase(&b)
			s.closed, s.lines = true, nil
			s.flush(&b)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// hide takes the status lines away until they are shown anew.
func (s *screen) hide() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b bytes.Buffer
	s.erase(&b)
	s.lines = nil
	s.flush(&b)
}

// erase leaves the cursor at the start of the first status line. A terminal
// that has become narrower since has wrapped them.
func (s *screen) erase(b *bytes.Buffer) {
	if len(s.drawn) == 0 {
		return
	}
	width, _ := s.size()
	rows := 0
	for _, length := range s.drawn[:len(s.drawn)-1] {
		rows += max(1, (length+width-1)/width)
	}
	b.WriteString("\r" + strings.Repeat("\x1b[A", rows) + "\x1b[J")
	s.drawn = s.drawn[:0]
}

// draw leaves the cursor at the start of the last line, where an echoed ^C
// wraps nothing.
func (s *screen) draw(b *bytes.Buffer) {
	if s.broken || len(s.lines) == 0 {
		return
	}
	for i, line := range s.lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line)
		s.drawn = append(s.drawn, ansi.StringWidth(line))
	}
	b.WriteString("\r")
}

// above returns a writer to w whose lines scroll above the status lines. same
// says that w is the terminal that shows these: then one write does it all.
func (s *screen) above(w io.Writer, same bool) io.Writer { return &aboveWriter{s, w, same} }

type aboveWriter struct {
	*screen
	w    io.Writer
	same bool
}

// Write implements io.Writer.
func (a *aboveWriter) Write(p []byte) (n int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b bytes.Buffer
	a.erase(&b)
	if !a.same {
		a.flush(&b)
		n, err = a.w.Write(p)
		a.broken = n > 0 && p[n-1] != '\n'
		a.draw(&b)
		a.flush(&b)
		return n, err
	}
	before := b.Len()
	b.Write(p)
	a.broken = len(p) > 0 && p[len(p)-1] != '\n'
	a.draw(&b)
	n, err = a.w.Write(b.Bytes())
	return min(max(n-before, 0), len(p)), err
}
