package csv

import (
	"bytes"
	"os"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/compress"
)

// endLooked is how much of the last file is looked at to find its last row.
const endLooked = 64 << 10

// End implements pipeline.Ender. It knows the end if the last file is a plain
// one of several rows, and its last row is whole. A row with line breaks in
// quotes is not looked for.
func (s *source) End() (time.Time, bool) {
	last := s.files[len(s.files)-1]
	if s.plan == nil || s.plan.time < 0 || s.event.parser == nil || last.size < 0 || compress.IsCompressed(last.name) {
		return time.Time{}, false
	}
	line, ok := lastLine(last)
	if !ok {
		return time.Time{}, false
	}
	sc := newScanner(s.options.dialect(), 0, 1)
	for rest := line; len(rest) > 0; {
		n := copy(sc.room(), rest)
		sc.filled(n)
		rest = rest[n:]
	}
	sc.ended = true
	if sc.scan() != scanned || sc.row.err != nil || len(sc.row.cells) != len(s.plan.columns) {
		return time.Time{}, false
	}
	ns, err := s.event.parser.Parse(sc.row.cell(s.plan.time))
	return time.Unix(0, ns).UTC(), err == nil
}

// lastLine returns the last line of a file that is not blank, unless it is the
// first or too long.
func lastLine(last *file) ([]byte, bool) {
	f, err := os.Open(last.name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	text := make([]byte, min(last.size, endLooked))
	if _, err := f.ReadAt(text, last.size-int64(len(text))); err != nil {
		return nil, false
	}
	text = bytes.TrimRight(text, "\r\n")
	before := bytes.LastIndexByte(text, '\n')
	return text[before+1:], before >= 0
}
