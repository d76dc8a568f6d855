package textfile

import (
	"bytes"
	"os"

	"github.com/pipeline-daemon/pipeline/internal/compress"
)

// endLooked is how much of a file is looked at to find its last line.
const endLooked = 64 << 10

// Last is the last line of a file that is not blank.
type Last struct {
	Line   []byte
	Format Format
	Rows   Rows // nil if the file has not been opened
}

// LastLines returns the last line of the last file, or of all that are merged.
// It knows them if these are plain files, which end, and each such line is
// neither the first nor too long.
func (s *Source) LastLines() ([]Last, bool) {
	if s.merge == nil {
		f := s.files[len(s.files)-1]
		last := Last{Format: f.format}
		if s.next == len(s.files) {
			last.Rows = s.reader.rows
		}
		var ok bool
		last.Line, ok = lastLine(f)
		return []Last{last}, ok
	}
	var all []Last
	for i, f := range s.files {
		line, ok := lastLine(f)
		if !ok {
			return nil, false
		}
		all = append(all, Last{line, f.format, s.merge.queues[i].rows})
	}
	return all, true
}

func lastLine(last *file) ([]byte, bool) {
	if last.size < 0 || compress.IsCompressed(last.path) {
		return nil, false
	}
	f, err := os.Open(last.path)
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

// Whole returns text as all that there is.
func Whole(text []byte) *Text {
	return &Text{Line: 1, block: text, ended: true}
}
