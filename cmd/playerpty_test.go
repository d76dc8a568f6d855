//go:build unix

package cmd

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/pipeline-daemon/pipeline/internal/engine"
	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// hourly is a replay of ten rows, an hour apart.
func hourly() map[string]string {
	rows := "timestamp,value\n"
	for i := range 10 {
		rows += fmt.Sprintf("2021-01-01 %02d:00:00,%d\n", i, i)
	}
	return map[string]string{"show.yaml": "source:\n  csv: {path: data.csv}\npace: {speed: 2}\nsink: print\n", "data.csv": rows}
}

// A step waits for what the terminal shows, and presses keys.
type step struct{ shows, keys string }

// steps returns what presses the keys of steps, one after the other.
func steps(all []step) (press func(keys io.Writer, screen *terminal), left func() []step) {
	return func(keys io.Writer, s *terminal) {
		if len(all) > 0 && regexp.MustCompile(all[0].shows).MatchString(s.String()) {
			_, _ = io.WriteString(keys, all[0].keys)
			all = all[1:]
		}
	}, func() []step { return all }
}

func TestEveryKeyOnTerminal(t *testing.T) {
	t.Parallel()
	const left, right, up, down, shiftLeft, shiftRight = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[1;2D", "\x1b[1;2C"
	press, rest := steps([]step{
		{`"value":0}\n(.*\n)*show  playing  speed 2 `, "."},
		{`"value":1}\n(.*\n)*show  paused +speed 2 `, right},
		{`(?m)^2021-01-01 01:00:10 `, shiftRight},
		{`(?m)^2021-01-01 01:01:10 `, left},
		{`(?m)^2021-01-01 01:01:00 `, shiftLeft},
		{`(?m)^2021-01-01 01:00:00 `, right},
		{`(?m)^2021-01-01 01:00:10 `, "1"},
		{`paused +speed 1 `, up},
		{`speed 1\.25 `, down},
		{`speed 1 `, "0"},
		{`speed 2 `, " "},
		{`playing +speed 2 `, "n"},
		{`"value":2}`, "g2021-01-01 05:00:00\r"},
		{`"value":5}`, "g+61x\x7fm\r"},
		{`(?m)^2021-01-01 06:01:`, "n"},
		{`"value":7}`, "gsoon\r"},
		{`\nno time: "soon"; .* \+10m or -10s\n\z`, "q"},
	})
	p := command(t, folder(t, hourly()), freeport.Addr(), "run", "show.yaml")
	end := onTerminal(t, 80, p, press)
	p.exits(0)
	if rest := rest(); len(rest) > 0 {
		t.Fatalf("it has not shown %q, but in the end:\n%s", rest[0].shows, end)
	}
	want := regexp.MustCompile(`\A(\{"timestamp":"2021-01-01 0[01257]:00:00","value":[01257]\}\n){5}show  stopped after .*\n  5 records → print.*\n  on time: [^·\n]*\n\z`)
	if !want.MatchString(end.String()) {
		t.Errorf("the terminal shows in the end:\n%s", end)
	}
}

// However it ends, and whatever its size, the terminal is left as it was found:
// onTerminal looks at that.
func TestPlayerLeavesTheTerminal(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		do    func(p *process, keys io.Writer)
		code  int
	}{
		{"Ctrl-C", 80, func(_ *process, keys io.Writer) { _, _ = keys.Write([]byte{3}) }, 0},
		{"in 20 columns", 20, func(_ *process, keys io.Writer) { _, _ = keys.Write([]byte{3}) }, 0},
		{"terminated", 80, func(p *process, _ io.Writer) { p.signal(syscall.SIGTERM) }, 0},
		{"Ctrl-\\", 80, func(_ *process, keys io.Writer) { _, _ = keys.Write([]byte{28}) }, 2},
		{"its end", 80, func(_ *process, keys io.Writer) { _, _ = io.WriteString(keys, "g+20h\r") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := command(t, folder(t, hourly()), freeport.Addr(), "run", "show.yaml")
			done := false
			onTerminal(t, c.width, p, func(keys io.Writer, s *terminal) {
				if !done && strings.Contains(s.String(), "show  playing") {
					if done = true; !takesKeys(t, keys.(*os.File)) {
						t.Error("the player has not taken the keys")
					}
					c.do(p, keys)
				}
			})
			p.exits(c.code)
			if !done {
				t.Error("there is no player")
			}
		})
	}
}

// Ctrl-Z leaves the terminal to the shell, and fg takes it again, once or twice.
func TestPlayerStoppedByCtrlZ(t *testing.T) {
	t.Parallel()
	p := shell(t, hourly(), "set -m; pipeline run show.yaml; echo stopped; read line; fg; echo stopped anew; read line; fg")
	press, rest := steps([]step{
		{`show  playing (.*\n){4}space pause`, "\x1a"},
		{`(?m)^stopped$`, "\r"}, // which ends a line only on a terminal that is restored
		{`stopped\n(.*\n)*show  playing (.*\n){4}space pause`, "."},
		{`"value":1}\n(.*\n)*show  paused `, "\x1a"},
		{`(?m)^stopped anew$`, "\r"},
		{`anew\n(.*\n)*show  paused (.*\n){4}space go on`, "q"},
	})
	end := onTerminal(t, 80, p, press)
	p.exits(0)
	if rest := rest(); len(rest) > 0 || strings.Count(end.String(), "show  ") != 1 {
		t.Fatalf("it has not shown %q, but in the end:\n%s", rest, end)
	}
}

// While the process is stopped, so is the replay.
func TestPlayerHolds(t *testing.T) {
	for paused, want := range map[bool][]string{false: {"pause", "resume"}, true: nil} {
		_, told := testPlayer()
		told.status.Pace.Paused = paused
		hold(told)()
		if diff := cmp.Diff(want, told.calls); diff != "" {
			t.Errorf("paused %v: %s", paused, diff)
		}
	}
}

// A terminal may change its size at any time. Nothing wraps: each picture has
// as many rows as it has lines.
func TestPlayerResized(t *testing.T) {
	t.Parallel()
	p := command(t, folder(t, hourly()), freeport.Addr(), "run", "show.yaml")
	sizes := []struct {
		width, height int
		shows         string
	}{
		{20, 24, `(?m)^show  playing\n2021-01-01 00:00:\d\d\n.*/s  1 record\n.*…\nspace pause  q stop$`},
		{200, 24, `(?m)^show  playing .*\n2021-01-01 00:00:\d\d  .{178}\n.*/s  1 record .*\n.*\nspace pause .*q stop$`},
		{80, 5, `(?m)^show  playing .*\n2021-01-01 00:00:\d\d  .{58}\n.*/s  1 record .*\n.*\n\z`},
		{9, 2, `(?m)^show$`},
		{80, 24, `(?m)^show  playing .*\n2021-01-01 00:00:\d\d  .{58}\n.*/s  1 record .*\n.*\nspace pause .*q stop$`},
	}
	changed := 0
	end := onTerminal(t, 80, p, func(keys io.Writer, s *terminal) {
		switch {
		case changed == 0 && !strings.Contains(s.String(), "show  playing") || changed > 0 && !regexp.MustCompile(sizes[changed-1].shows).MatchString(s.String()):
		case changed == len(sizes):
			_, _ = io.WriteString(keys, "q")
		default:
			s.resize(sizes[changed].width)
			resize(t, keys.(*os.File), sizes[changed].width, sizes[changed].height)
			changed++
		}
	})
	p.exits(0)
	text := strings.ReplaceAll(end.String(), "\n", "") // rows that have been narrow stay so
	if want := regexp.MustCompile(`\A\{"timestamp":"2021-01-01 00:00:00","value":0\}show  stopped after .*  1 record → print.*  on time: [^·]*\z`); !want.MatchString(text) {
		t.Errorf("the terminal shows in the end:\n%s", end)
	}
}

// A terminal that shows nothing, as with Ctrl-S, does not hold up the replay,
// though there are log lines for it.
func TestPlayerOnHeldTerminal(t *testing.T) {
	t.Parallel()
	files := pacedFiles()
	files["data.csv"] = strings.ReplaceAll(files["data.csv"], "7,", "7,1,2,")
	files["show.yaml"] += "errors: {on_failure: skip}\n"
	p := command(t, folder(t, files), freeport.Addr(), "run", "show.yaml")
	ours, theirs := socketPair(t)
	p.Stdout = theirs // no pipe: there is a player
	tty, slave := openTerminal(t, 80, 24)
	fill(t, slave)
	p.startOn(slave)
	_ = theirs.Close()
	for range 45 {
		firstLine(t, ours)
	}
	var shown strings.Builder
	_, _ = io.Copy(&shown, tty) // which ends with an error on Linux
	p.exits(0)
	end := regexp.MustCompile(`(?s)WARN  show: a record failed and is skipped .* 50 records read, 45 → print.* (on time|late): [^\n]* 99 % within [\d.]+ ms`)
	if !end.MatchString(shown.String()) {
		t.Errorf("the terminal shows %q", strings.TrimLeft(shown.String(), "."))
	}
}

// fill writes to a terminal until it takes no more.
func fill(t *testing.T, slave *os.File) {
	t.Helper()
	onDescriptor(t, slave, func(fd int) error {
		if err := unix.SetNonblock(fd, true); err != nil {
			return err
		}
		for dots := bytes.Repeat([]byte{'.'}, 1000); ; {
			if _, err := unix.Write(fd, dots); err != nil {
				if len(dots) == 1 {
					return unix.SetNonblock(fd, false)
				}
				dots = dots[:1]
			}
		}
	})
}

func socketPair(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil { // so that reads have a deadline
		t.Fatal(err)
	}
	ours, theirs = os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	if err := ours.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// A second Ctrl-C, and a second one only, quits at once.
func TestPlayerForcedToEnd(t *testing.T) {
	t.Parallel()
	files := hourly()
	files["show.yaml"] = strings.Replace(files["show.yaml"], "sink: print\n", "handler:\n  exec: {command: [sleep, \"60\"]}\n", 1)
	press, rest := steps([]step{{`show  playing`, "q"}, {`stopping: waiting for 1 record at handler exec`, "qqq\x03"}})
	p := command(t, folder(t, files), freeport.Addr(), "run", "show.yaml", "--grace", "1h")
	end := onTerminal(t, 80, p, press)
	p.exits(exitForced)
	if left := rest(); len(left) > 0 || !strings.Contains(end.String(), "stopping: waiting for 1 record at handler exec") {
		t.Errorf("it does not wait for %v; the terminal shows in the end:\n%s", left, end)
	}
}

// takesKeys reports whether keys come one by one and are not echoed.
func takesKeys(t *testing.T, tty *os.File) bool {
	t.Helper()
	return modes(t, tty).Lflag&(syscall.ICANON|syscall.ECHO) == 0
}

// crashing is a pipeline whose status panics after a while.
type crashing struct {
	told
	looks int
}

func (c *crashing) Status() engine.Status {
	if c.looks++; c.looks > 3 {
		panic("a crash of the player")
	}
	return c.status
}

// A player that crashes leaves the terminal, and the pipeline goes on.
func TestPlayerCrashes(t *testing.T) {
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer ptmx.Close()
	defer tty.Close()
	_, like := testPlayer()
	var log strings.Builder
	c := &console{log: slog.New(slog.NewTextHandler(&log, nil)), keys: &keyboard{file: tty}}
	before, _ := c.keys.modes()
	if play(c, &crashing{told: *like}, 1, func() bool { return false }, make(chan struct{})) {
		t.Error("the player says that the pipeline has ended")
	}
	if !strings.Contains(log.String(), `panic="a crash of the player"`) {
		t.Errorf("the log says %q", log.String())
	}
	after, _ := c.keys.modes()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}
