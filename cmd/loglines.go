package cmd

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// logLines is a slog.Handler for people:
//
//	15:04:05 WARN  replay: a record failed and is skipped at=readings.csv:12
type logLines struct {
	level slog.Level
	paint palette
	out   *lockedWriter

	pipeline string // named before the message
	group    string // of the attributes to come, with a dot at its end
	attrs    string // those that every line has
	stack    string // of a panic: it stands below the line
}

var _ slog.Handler = (*logLines)(nil)

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func newLogLines(w io.Writer, level slog.Level, paint palette) *logLines {
	return &logLines{level: level, paint: paint, out: &lockedWriter{w: w}}
}

// Enabled implements slog.Handler.
func (h *logLines) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// WithGroup implements slog.Handler.
func (h *logLines) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.group += name + "."
	return &c
}

// WithAttrs implements slog.Handler.
func (h *logLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	for _, a := range attrs {
		c.add(h.group, a)
	}
	return &c
}

func (h *logLines) add(group string, a slog.Attr) {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
	case group == "" && a.Key == "pipeline":
		h.pipeline = a.Value.String()
	case a.Key == "stack":
		h.stack = a.Value.String()
	case a.Value.Kind() == slog.KindGroup:
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range a.Value.Group() {
			h.add(group, member)
		}
	default:
		h.attrs += " " + h.paint.dim(group+a.Key+"=") + quoted(a.Value.String())
	}
}

// Handle implements slog.Handler.
func (h *logLines) Handle(_ context.Context, r slog.Record) error {
	line := *h
	r.Attrs(func(a slog.Attr) bool { line.add(h.group, a); return true })
	var b strings.Builder
	if !r.Time.IsZero() {
		b.WriteString(h.paint.dim(r.Time.Format("15:04:05")) + " ")
	}
	b.WriteString(h.levelName(r.Level) + " ")
	if line.pipeline != "" {
		b.WriteString(h.paint.bold(line.pipeline+":") + " ")
	}
	b.WriteString(printable(r.Message) + line.attrs + "\n")
	for l := range strings.Lines(line.stack) {
		b.WriteString("    " + printable(strings.ReplaceAll(strings.TrimRight(l, "\n"), "\t", "    ")) + "\n")
	}
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := io.WriteString(h.out.w, b.String())
	return err
}

// levelName is five letters wide, so that messages stand below each other.
func (h *logLines) levelName(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return h.paint.red("ERROR")
	case level >= slog.LevelWarn:
		return h.paint.yellow("WARN ")
	case level >= slog.LevelInfo:
		return "INFO "
	}
	return h.paint.dim("DEBUG")
}

func quoted(s string) string {
	if s == "" || strings.ContainsAny(s, " =\"") || hasControl(s) {
		return strconv.Quote(s)
	}
	return s
}

// printable keeps a message, which may hold data, from steering the terminal.
func printable(s string) string {
	if hasControl(s) {
		s = strconv.Quote(s)
		s = s[1 : len(s)-1]
	}
	return s
}

func hasControl(s string) bool { return slices.ContainsFunc([]rune(s), unicode.IsControl) }
