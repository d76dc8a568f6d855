package csv

import (
	"time"

	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

// End implements pipeline.Ender. It knows the end if the last file is a plain
// one of several rows, and its last row is whole. A row with line breaks in
// quotes is not looked for.
func (s *source) End() (time.Time, bool) {
	plan, parser := s.format.plan, s.format.event.parser
	if plan == nil || plan.time < 0 || parser == nil {
		return time.Time{}, false
	}
	line, ok := s.LastLine()
	if !ok {
		return time.Time{}, false
	}
	sc := newScanner(s.format.options.dialect(), textfile.Whole(line))
	if sc.scan() != textfile.Found || sc.row.err != nil || len(sc.row.cells) != len(plan.columns) {
		return time.Time{}, false
	}
	ns, err := parser.Parse(sc.row.cell(plan.time))
	return time.Unix(0, ns).UTC(), err == nil
}
