package cmd

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testScreen(width int) (*screen, *terminal) {
	t := newTerminal(width)
	return &screen{out: crlf{t}, size: func() (int, int) { return t.width, 24 }}, t
}

// crlf does what the terminal's driver does to newlines.
type crlf struct{ w io.Writer }

func (c crlf) Write(p []byte) (int, error) {
	_, err := io.WriteString(c.w, strings.ReplaceAll(string(p), "\n", "\r\n"))
	return len(p), err
}

func fixed(lines ...string) func(int, int) []string {
	return func(int, int) []string { return lines }
}

func TestScreen(t *testing.T) {
	const width = 20
	for _, c := range []struct {
		name string
		do   func(s *screen, t *terminal, same bool)
		want string
	}{
		{"lines are replaced", func(s *screen, _ *terminal, same bool) {
			s.show(fixed("one", "two"))
			s.show(fixed("three", "four"))
		}, "three\nfour\n"},
		{"a line that is replaced by a shorter one", func(s *screen, _ *terminal, same bool) {
			s.show(fixed("one two three", "four"))
			s.show(fixed("five", "four"))
		}, "five\nfour\n"},
		{"fewer lines", func(s *screen, _ *terminal, same bool) {
			s.show(fixed("one", "two", "three"))
			s.show(fixed("four"))
		}, "four\n"},
		{"output scrolls above", func(s *screen, t *terminal, same bool) {
			out := s.above(crlf{t}, same)
			s.show(fixed("one", "two"))
			fmt.Fprintln(out, "a")
			fmt.Fprint(out, "b\nc\n")
		}, "a\nb\nc\none\ntwo\n"},
		{"output before there are lines", func(s *screen, t *terminal, same bool) {
			fmt.Fprintln(s.above(crlf{t}, same), "a")
			s.show(fixed("one"))
		}, "a\none\n"},
		{"a line in two pieces stays whole", func(s *screen, t *terminal, same bool) {
			out := s.above(crlf{t}, same)
			s.show(fixed("one"))
			fmt.Fprint(out, "half ")
			s.show(fixed("two"))
			fmt.Fprint(out, "and half\n")
		}, "half and half\ntwo\n"},
		{"long output wraps", func(s *screen, t *terminal, same bool) {
			out := s.above(crlf{t}, same)
			s.show(fixed("one"))
			fmt.Fprintln(out, strings.Repeat("x", width+5))
			s.show(fixed("two"))
		}, strings.Repeat("x", width) + "\n" + strings.Repeat("x", 5) + "\ntwo\n"},
		{"an echoed ^C goes", func(s *screen, t *terminal, same bool) {
			s.show(fixed(strings.Repeat("x", width-1)))
			fmt.Fprint(t, "^C")
			s.show(fixed("one"))
		}, "one\n"},
		{"a terminal that becomes narrower", func(s *screen, t *terminal, same bool) {
			fmt.Fprintln(s.above(crlf{t}, same), "above")
			s.show(fixed("\x1b[1m"+strings.Repeat("1", width-1)+"\x1b[0m", strings.Repeat("2", width-1)))
			t.resize(6)
			s.show(fixed("one", "two"))
		}, "above\none\ntwo\n"},
		{"a terminal that becomes wider", func(s *screen, t *terminal, same bool) {
			fmt.Fprintln(s.above(crlf{t}, same), "above")
			s.show(fixed("one", "two"))
			t.resize(60)
			s.show(fixed("three", "four"))
		}, "above\nthree\nfour\n"},
		{"closing leaves nothing", func(s *screen, t *terminal, same bool) {
			out := s.above(crlf{t}, same)
			s.show(fixed("one", "two"))
			s.close()
			s.show(fixed("three"))
			fmt.Fprintln(out, "the end")
		}, "the end\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, same := range []bool{true, false} {
				s, term := testScreen(width)
				c.do(s, term, same)
				if diff := cmp.Diff(c.want, term.String()); diff != "" {
					t.Errorf("the same terminal %v: -want +got:\n%s", same, diff)
				}
			}
		})
	}
}

// What stays is not written again: a slow terminal has little to do.
func TestScreenWritesWhatChanges(t *testing.T) {
	s, term := testScreen(20)
	s.show(fixed("one", "two", "three"))
	term.raw = nil
	s.show(fixed("one", "2", "three"))
	if got, want := string(term.raw), "\r\x1b[A\x1b[A\r\r\n2\x1b[K\r\r\nthree\x1b[K\r"; got != want {
		t.Errorf("it writes %q, want %q", got, want)
	}
}

// A terminal that is held must not hold the process.
func TestScreenCloseDoesNotWait(t *testing.T) {
	s, _ := testScreen(20)
	s.mu.Lock()
	s.close()
}

func TestNoScreen(t *testing.T) {
	var s *screen
	s.show(fixed("one"))
	s.close()
}
