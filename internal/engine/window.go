package engine

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

// A window ends with so many records in a row that lie behind it: a single one
// may be a wrong stamp.
const farBehind = 1000

// window is the part of the event times that is played, from start up to but
// without end.
type window struct {
	start, end config.EventTime

	known       bool // from and to are
	from, to    time.Time
	first, last time.Time // of all event times that were seen
	inside      bool      // the record that was looked at is
	outside     int64     // how many records were
	behind      int       // how many in a row lie at end or after it
	passed      bool
}

// look finds out whether a record lies in the window. One without a time lies
// where the one before it does.
func (w *window) look(t time.Time, timed bool) error {
	switch {
	case w.start.IsZero() && w.end.IsZero():
		w.inside = true
		return nil
	case !timed:
		w.inside = w.inside || !w.known && w.start.IsZero()
		return nil
	case !w.known:
		w.known, w.first, w.last = true, t, t
		w.from, w.to = w.start.Of(t), w.end.Of(t)
		if !w.start.IsZero() && !w.end.IsZero() && !w.from.Before(w.to) {
			return fmt.Errorf("%w: with the first record at %s, start is %s and end %s", errWindow,
				t.UTC().Format(time.RFC3339), w.from.UTC().Format(time.RFC3339), w.to.UTC().Format(time.RFC3339))
		}
	}
	if t.Before(w.first) {
		w.first = t
	}
	if t.After(w.last) {
		w.last = t
	}
	after := !w.end.IsZero() && !t.Before(w.to)
	w.inside = !after && (w.start.IsZero() || !t.Before(w.from))
	if !after {
		w.behind = 0
	} else if w.behind++; w.behind == farBehind {
		w.passed, w.behind = true, 0
	}
	return nil
}

// warn says that no record lay in the window.
func (w *window) warn(log *slog.Logger) {
	if w.start.IsZero() && w.end.IsZero() || !w.known {
		return
	}
	attrs := []any{"first", w.first.UTC().Format(time.RFC3339), "last", w.last.UTC().Format(time.RFC3339)}
	if !w.start.IsZero() {
		attrs = append(attrs, "start", w.from.UTC().Format(time.RFC3339))
	}
	if !w.end.IsZero() {
		attrs = append(attrs, "end", w.to.UTC().Format(time.RFC3339))
	}
	log.Warn("no record lies between start and end, so there is nothing to play", attrs...)
}
