package cmd

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// globals are the flags of every command.
type globals struct {
	level  string
	format string
	quiet  bool
}

func addGlobals(root *cobra.Command) *globals {
	g := &globals{}
	f := root.PersistentFlags()
	f.StringVar(&g.level, "log-level", "info", "show log lines of `LEVEL` and above: debug, info, warn, error")
	f.StringVar(&g.format, "log-format", "text", "write log lines as `FORMAT`: text, json")
	f.BoolVar(&g.quiet, "quiet", false, "show only warnings and errors: no status line, no summary")
	return g
}

// console is where a command talks to the user. Standard output is only ever
// data; all else goes to standard error.
type console struct {
	stdout io.Writer // above the status lines, if it is their terminal too
	stderr io.Writer // above the status lines
	log    *slog.Logger
	screen *screen   // nil: there are no status lines
	lines  *logQueue // of the log; nil: they are written at once
	keys   *keyboard // that a player may take; nil: there is none
	stop   func()    // as Ctrl-C does, while pipelines run
	forced func()    // what is still done at a second Ctrl-C; nil: nothing
	paint  palette
	quiet  bool
	json   bool // what the user is told are lines of JSON
}

// withConsole returns the RunE of a command that talks to the user while it
// works.
func (g *globals) withConsole(work func(*cobra.Command, []string, *console) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		console, err := g.newConsole()
		if err != nil {
			return err
		}
		defer console.close()
		return work(c, args, console)
	}
}

// newConsole checks the flags of every command.
func (g *globals) newConsole() (*console, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(g.level)); err != nil {
		return nil, fmt.Errorf("--log-level wants debug, info, warn or error, not %q", g.level)
	}
	if g.format != "text" && g.format != "json" {
		return nil, fmt.Errorf("--log-format wants text or json, not %q", g.format)
	}
	c := &console{stdout: os.Stdout, stderr: os.Stderr, quiet: g.quiet, json: g.format == "json"}
	if c.quiet {
		level = max(level, slog.LevelWarn)
	}
	terminal := isTerminal(os.Stderr) && enableEscapes(os.Stderr)
	if terminal && !c.quiet && !c.json && !isPipe(os.Stdout) {
		c.screen = newScreen(os.Stderr)
		c.keys = newKeyboard(os.Stdin)
		c.stderr = c.screen.above(os.Stderr, true)
		if isTerminal(os.Stdout) {
			c.stdout = c.screen.above(os.Stdout, sameFile(os.Stdout, os.Stderr))
		}
	}
	c.paint = palette(terminal && !c.json && os.Getenv("NO_COLOR") == "")
	logged := c.stderr
	if c.screen != nil {
		c.lines = &logQueue{w: c.stderr}
		logged = c.lines
	}
	c.log = slog.New(c.handler(logged, level, terminal))
	return c, nil
}

// handler is for people on a terminal, and otherwise for the programs that
// collect logs.
func (c *console) handler(w io.Writer, level slog.Level, terminal bool) slog.Handler {
	o := &slog.HandlerOptions{Level: level}
	switch {
	case c.json:
		return slog.NewJSONHandler(w, o)
	case terminal:
		return newLogLines(w, level, c.paint)
	}
	return slog.NewTextHandler(w, o)
}

// close leaves the terminal as it was found, once all is told.
func (c *console) close() {
	c.screen.close()
	c.keys.leave()
	c.lines.flush(0)
}

// abandon leaves the terminal as it was found, at once.
func (c *console) abandon() {
	c.screen.close()
	c.keys.leave()
	c.lines.flush(atOnce)
}

// tell returns an error of a run, for Main to print; where a program reads the
// log, it is told there.
func (c *console) tell(err error) error {
	if c.json {
		c.log.Error(err.Error())
		return errReported
	}
	return err
}

func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// isPipe reports whether another program reads f. It is likely to write to the
// terminal, into which status lines would then be mixed.
func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

func sameFile(a, b *os.File) bool {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// palette says whether to use colours.
type palette bool

func (p palette) red(s string) string    { return p.with("31", s) }
func (p palette) green(s string) string  { return p.with("32", s) }
func (p palette) yellow(s string) string { return p.with("33", s) }
func (p palette) dim(s string) string    { return p.with("2", s) }
func (p palette) bold(s string) string   { return p.with("1", s) }

func (p palette) with(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
