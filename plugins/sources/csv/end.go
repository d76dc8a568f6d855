package csv

import (
	"time"

	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

// End implements pipeline.Ender. It knows the end if the last file, or each
// that is merged, is a plain one of several rows, and its last row is whole. A
// row with line breaks in quotes is not looked for.
func (s *source) End() (time.Time, bool) {
	lasts, ok := s.LastLines()
	if !ok {
		return time.Time{}, false
	}
	var end time.Time
	for _, last := range lasts {
		at, ok := lastTime(last)
		if !ok {
			return time.Time{}, false
		}
		if end.IsZero() || at.After(end) {
			end = at
		}
	}
	return end, true
}

// lastTime returns the event time of a file's last row. A file that is not yet
// open is taken to be as the one before it.
func lastTime(last textfile.Last) (time.Time, bool) {
	f := last.Format.(*format)
	plan := f.plan
	if r, ok := last.Rows.(*rows); ok {
		plan = r.plan
	}
	if plan == nil || len(plan.time) == 0 || f.event.parser == nil {
		return time.Time{}, false
	}
	sc := newScanner(f.options.dialect(), textfile.Whole(last.Line))
	if sc.scan() != textfile.Found || sc.row.err != nil || len(sc.row.cells) != len(plan.columns) {
		return time.Time{}, false
	}
	ns, err := f.event.parser.Parse(plan.timeText(&sc.row))
	f.event.parser.Odd() // it will be read again, and counted then
	return time.Unix(0, ns).UTC(), err == nil
}
