package textfile

import (
	"bytes"
	"os"

	"github.com/pipeline-daemon/pipeline/internal/compress"
)

// endLooked is how much of the last file is looked at to find its last line.
const endLooked = 64 << 10

// LastLine returns the last line of the last file that is not blank. It knows
// it if that is a plain file, which ends, and the line is neither the first
// nor too long.
func (s *Source) LastLine() ([]byte, bool) {
	last := s.files[len(s.files)-1]
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
