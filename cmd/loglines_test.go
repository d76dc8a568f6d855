package cmd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLogLines(t *testing.T) {
	for _, c := range []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"a message", func(l *slog.Logger) { l.Info("hello") }, "15:04:05 INFO  hello\n"},
		{"levels", func(l *slog.Logger) { l.Debug("a"); l.Warn("b"); l.Error("c") }, "15:04:05 WARN  b\n15:04:05 ERROR c\n"},
		{"attributes", func(l *slog.Logger) {
			l.Info("hello", "n", 3, "error", errors.New("no luck"), "at", "a.csv:3", "empty", "", "d", 2*time.Second)
		}, "15:04:05 INFO  hello n=3 error=\"no luck\" at=a.csv:3 empty=\"\" d=2s\n"},
		{"the pipeline", func(l *slog.Logger) { l.With("pipeline", "replay", "plugin", "csv").Warn("hello", "n", 3) },
			"15:04:05 WARN  replay: hello plugin=csv n=3\n"},
		{"groups", func(l *slog.Logger) {
			l.WithGroup("g").With("a", 1).Info("hello", "b", 2, slog.Group("h", "pipeline", 3), slog.Group("", "d", 4))
		}, "15:04:05 INFO  hello g.a=1 g.b=2 g.h.pipeline=3 g.d=4\n"},
		{"a stack", func(l *slog.Logger) { l.Error("ouch", "stack", "main.go()\n\tmain.go:3\n\x1b[2J", "n", 3) },
			"15:04:05 ERROR ouch n=3\n    main.go()\n        main.go:3\n    \\x1b[2J\n"},
		{"data can't steer the terminal", func(l *slog.Logger) { l.Info("two\nlines", "x", "\x1b[2J") },
			"15:04:05 INFO  two\\nlines x=\"\\x1b[2J\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			c.log(slog.New(atThree{newLogLines(&out, slog.LevelInfo, false)}))
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// atThree gives all lines the same time.
type atThree struct{ slog.Handler }

func (h atThree) Handle(ctx context.Context, r slog.Record) error {
	r.Time = time.Date(2026, 1, 2, 15, 4, 5, 0, time.Local)
	return h.Handler.Handle(ctx, r)
}

func (h atThree) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atThree{h.Handler.WithAttrs(attrs)}
}
func (h atThree) WithGroup(name string) slog.Handler { return atThree{h.Handler.WithGroup(name)} }

func TestPalette(t *testing.T) {
	if got := palette(true).red("x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("%q", got)
	}
	if got := palette(false).red("x"); got != "x" {
		t.Errorf("%q", got)
	}
}
