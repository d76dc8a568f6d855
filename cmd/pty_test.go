//go:build unix

package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sys/unix"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// onTerminal runs the binary on a terminal until it ends. see is called after
// each piece of output. In the end the terminal is as it was found.
func onTerminal(t *testing.T, width int, p *process, see func(keys io.Writer, screen *terminal)) *terminal {
	t.Helper()
	tty, slave := openTerminal(t, width, 24)
	found := modes(t, tty)
	p.startOn(slave)
	screen := newTerminal(width)
	for buf := make([]byte, 4096); ; {
		n, err := tty.Read(buf)
		_, _ = screen.Write(buf[:n])
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO) { // Linux tells the end so
			if diff := cmp.Diff(found, modes(t, tty)); diff != "" {
				t.Errorf("the terminal is not left as it was found:\n%s", diff)
			}
			return screen
		}
		if err != nil {
			t.Fatalf("%v; the terminal shows:\n%s", err, screen)
		}
		see(tty, screen)
	}
}

// startOn starts the binary on a terminal, which is closed here.
func (p *process) startOn(slave *os.File) {
	p.t.Helper()
	p.Stdin, p.Stderr = slave, slave
	if p.Stdout == nil {
		p.Stdout = slave
	}
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p.start()
	_ = slave.Close()
}

// openTerminal returns both ends of a new terminal; reads from the first one
// have a deadline.
func openTerminal(t *testing.T, width, height int) (tty, slave *os.File) {
	t.Helper()
	blocking, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(blocking.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	unix.CloseOnExec(fd)
	_ = blocking.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	tty = os.NewFile(uintptr(fd), "terminal")
	t.Cleanup(func() { _, _ = tty.Close(), slave.Close() })
	resize(t, tty, width, height)
	if err := tty.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return tty, slave
}

// resize changes a terminal's size.
func resize(t *testing.T, tty *os.File, width, height int) {
	t.Helper()
	onDescriptor(t, tty, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(height), Col: uint16(width)})
	})
}

// modes are a terminal's, seen from either of its ends.
func modes(t *testing.T, tty *os.File) (m *unix.Termios) {
	t.Helper()
	onDescriptor(t, tty, func(fd int) (err error) {
		m, err = unix.IoctlGetTermios(fd, getTermios)
		return err
	})
	return m
}

// onDescriptor calls f with a terminal's descriptor. With tty.Fd() reads would have
// no deadline any more.
func onDescriptor(t *testing.T, tty *os.File, f func(fd int) error) {
	t.Helper()
	c, err := tty.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := c.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil || failed != nil {
		t.Fatal(errors.Join(err, failed))
	}
}

// pacedFiles is a replay of 50 rows that takes a second.
func pacedFiles() map[string]string {
	rows := "timestamp,value\n"
	for i := range 50 {
		rows += fmt.Sprintf("2021-01-01 00:00:%02d,%d\n", i, i)
	}
	return map[string]string{"show.yaml": "source:\n  csv: {path: data.csv}\npace: {speed: 50}\nsink: print\n", "data.csv": rows}
}

func TestStatusLineOnTerminal(t *testing.T) {
	for _, c := range []struct {
		width  int
		status string
	}{
		{80, `^show  2021-01-01 00:00:\d\d  .* \d+%  .*/s  p99 +[0-9.]+ m?s`},
		{20, `^show +\d+%  .*/s$`},
	} {
		t.Run(fmt.Sprint(c.width), func(t *testing.T) {
			t.Parallel()
			status := regexp.MustCompile(c.status)
			seen := 0
			p := command(t, folder(t, pacedFiles()), freeport.Addr(), "run", "show.yaml", "--no-tui")
			end := onTerminal(t, c.width, p, func(_ io.Writer, s *terminal) {
				if last := strings.TrimRight(string(s.rows[len(s.rows)-1]), " "); status.MatchString(last) {
					seen++
				}
			})
			p.exits(0)
			if seen == 0 {
				t.Error("there is no status line below the output")
			}
			checkEnd(t, end, 50, "show  completed in ")
		})
	}
}

// checkEnd looks at what the terminal shows in the end: the lines in order, the
// summary, and no trace of status lines.
func checkEnd(t *testing.T, end *terminal, records int, summary string) {
	t.Helper()
	text := strings.ReplaceAll(end.String(), "\n", "")
	var want strings.Builder
	for i := range records {
		fmt.Fprintf(&want, `{"timestamp":"2021-01-01 00:00:%02d","value":%d}`, i, i)
	}
	if !strings.HasPrefix(text, want.String()+summary) {
		t.Errorf("the terminal shows in the end:\n%s", end)
	}
}

func TestInterruptOnTerminal(t *testing.T) {
	t.Parallel()
	files := pacedFiles()
	files["show.yaml"] = strings.Replace(files["show.yaml"], "50", "0.001", 1)
	p := command(t, folder(t, files), freeport.Addr(), "run", "show.yaml", "--no-tui")
	pressed := false
	end := onTerminal(t, 80, p, func(keys io.Writer, s *terminal) {
		if !pressed && strings.Contains(s.String(), " 1 record ") {
			pressed = true
			_, _ = keys.Write([]byte{3})
		}
	})
	p.exits(0)
	want := regexp.MustCompile(`\A\{"timestamp":"2021-01-01 00:00:00","value":0\}
(\d\d:\d\d:\d\d INFO  stopping: storing .*
.* at once
)?show  stopped after .*
  1 record → print.*
  on time: .*
\z`)
	if !want.MatchString(end.String()) {
		t.Errorf("the terminal shows in the end:\n%s", end)
	}
}

// A terminal that can't move its cursor, or an output that is another
// program's input, has no status lines.
func TestNoStatusLine(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*process)
	}{
		{"dumb", func(p *process) { p.Env = append(p.Env, "TERM=dumb") }},
		{"quiet", func(p *process) { p.Args = append(p.Args, "--quiet") }},
		{"json", func(p *process) { p.Args = append(p.Args, "--log-format", "json") }},
		{"piped", func(p *process) { _, p.Stdout = pipe(p.t) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := command(t, folder(t, pacedFiles()), freeport.Addr(), "run", "show.yaml")
			c.change(p)
			onTerminal(t, 80, p, func(_ io.Writer, s *terminal) {
				if regexp.MustCompile(`\d+%`).MatchString(s.String()) {
					t.Fatalf("there is a status line:\n%s", s)
				}
			})
			p.exits(0)
		})
	}
}

// Colours are for a terminal, and for those who want them.
func TestTailColours(t *testing.T) {
	t.Parallel()
	addr, _ := topic(t, &kgo.Record{Value: []byte(`{"a":1}`)})
	const plain, painted = `{"a":1}`, "{\x1b[36m\"a\"\x1b[0m:\x1b[33m1\x1b[0m}"
	for _, c := range []struct {
		env    []string
		piped  bool
		prints string
	}{
		{[]string{"NO_COLOR="}, false, painted},
		{[]string{"NO_COLOR=1"}, false, plain},
		{[]string{"NO_COLOR=", "TERM=dumb"}, false, plain},
		{[]string{"NO_COLOR="}, true, plain},
	} {
		p := command(t, t.TempDir(), addr, "tail", "t", "--until-end")
		p.Env = append(p.Env, c.env...)
		p.Stderr = nil // the terminal's
		out := &transcript{}
		if c.piped {
			p.Stdout = out
		}
		tty, err := pty.Start(p.Cmd)
		if err != nil {
			t.Fatal(err)
		}
		p.watch()
		if !c.piped {
			_, _ = io.Copy(out, tty) // which ends with an error on Linux
		}
		p.exits(0)
		_ = tty.Close()
		if text := out.String(); !strings.Contains(text, c.prints) {
			t.Errorf("%v: it prints %q", c, text)
		}
	}
}
