package csv

import (
	"bytes"
	"fmt"
	"unsafe"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

// dialect is how a file is written.
type dialect struct {
	delimiter byte
	comment   string // begins a line that is no row; "" is none
	maxRow    int    // bytes that a row may have, its line end not counted
}

// scanner splits text into rows as RFC 4180 has it. It does no reading: the
// text is filled, and scan is called until it needs more.
//
// A row is at most as large as dialect.maxRow, and the text holds little more
// than one. Cells and raw text are slices of the text, and may be kept.
type scanner struct {
	dialect
	*textfile.Text

	doubled bool   // the row has doubled quotes
	single  []byte // room for rows whose doubled quotes have been made single

	row row
}

// row is what scan has found. A row with an error has no cells.
type row struct {
	text   string // what the cells are slices of
	cells  []span
	raw    []byte // as it is read, without the line end; of a bad row its first line
	offset int64
	line   int64
	err    error
}

// span is where a cell starts and ends in its row's text.
type span struct{ start, end uint32 }

func (r *row) cell(i int) string { return r.text[r.cells[i].start:r.cells[i].end] }

const (
	singleSize  = 16 << 10
	longRowKept = 1 << 10 // the bytes that are kept of a row that is too long
)

func newScanner(d dialect, t *textfile.Text) *scanner { return &scanner{dialect: d, Text: t} }

// scan finds the next row. Blank lines and comments are none.
func (s *scanner) scan() textfile.State {
	for {
		line, size, st := s.Peek(s.maxRow)
		switch {
		case st != textfile.Found:
			return st
		case size == 0:
			return s.bad(line, 0, 0, s.tooLong())
		case len(line) == 0 || s.comment != "" && bytes.HasPrefix(line, []byte(s.comment)):
			s.Advance(size, 1)
			continue
		case len(line) > s.maxRow:
			return s.bad(line, size, 1, s.tooLong())
		case bytes.IndexByte(line, '"') >= 0:
			return s.scanQuoted(line, size)
		}
		s.row.cells = split(s.row.cells[:0], line, s.delimiter)
		return s.good(line, size, 1)
	}
}

func (s *scanner) tooLong() error {
	return fmt.Errorf("the row is longer than max_row (%v)", pipeline.ByteSize(s.maxRow))
}

// split appends the cells of a line without quotes.
func split(cells []span, line []byte, delimiter byte) []span {
	start := 0
	for {
		n := bytes.IndexByte(line[start:], delimiter)
		if n < 0 {
			return append(cells, span{uint32(start), uint32(len(line))})
		}
		cells = append(cells, span{uint32(start), uint32(start + n)})
		start += n + 1
	}
}

// good accepts a row that is raw and a line end, size bytes together.
func (s *scanner) good(raw []byte, size int, lines int64) textfile.State {
	s.row.raw, s.row.offset, s.row.line, s.row.err = raw, s.Offset, s.Line, nil
	s.row.text = unsafe.String(unsafe.SliceData(raw), len(raw)) // what has been scanned doesn't change
	s.Advance(size, lines)
	return textfile.Found
}

// bad gives up a row. size is what to go on after.
func (s *scanner) bad(raw []byte, size int, lines int64, err error) textfile.State {
	if len(raw) > s.maxRow {
		if len(raw) > longRowKept {
			err = fmt.Errorf("%w; its first %d bytes are kept", err, longRowKept)
		}
		raw = bytes.Clone(raw[:min(len(raw), longRowKept)])
	}
	s.good(raw, size, lines)
	s.row.cells, s.row.err = s.row.cells[:0], err
	return textfile.Found
}
