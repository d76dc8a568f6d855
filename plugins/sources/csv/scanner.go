package csv

import (
	"bytes"
	"fmt"
	"unsafe"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// dialect is how a file is written.
type dialect struct {
	delimiter byte
	comment   string // begins a line that is no row; "" is none
	maxRow    int    // bytes that a row may have, its line end not counted
}

// scanner splits text into rows as RFC 4180 has it. It does no reading: the
// text is put into room, and scan is called until it needs more.
//
// A row is at most as large as dialect.maxRow, and the scanner holds little
// more than one. Cells and raw text are slices of the blocks that the text was
// put into. A block is never used again, so they may be kept.
type scanner struct {
	dialect
	block  []byte
	pos    int   // where in block the next row starts
	offset int64 // where in the text it does
	line   int64 // on which it does, from 1
	ended  bool  // the text ends where block does

	skipping bool   // the next row starts after the end of a line that was too long
	doubled  bool   // the row has doubled quotes
	single   []byte // room for rows whose doubled quotes have been made single

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

// state is what scan returns.
type state int

const (
	scanned  state = iota // row holds a row
	needMore              // row holds nothing, until there is more text
	finished              // there are no more rows
)

const (
	blockSize = 64 << 10
	minRead   = 4 << 10 // a read of less is not worth its call

	singleSize  = 16 << 10
	longRowKept = 1 << 10 // the bytes that are kept of a row that is too long
)

func newScanner(d dialect, offset, line int64) *scanner {
	return &scanner{dialect: d, offset: offset, line: line}
}

// room returns where to put more text.
func (s *scanner) room() []byte {
	if cap(s.block)-len(s.block) < minRead {
		rest := s.block[s.pos:]
		block := make([]byte, len(rest), max(blockSize, 2*len(rest)))
		copy(block, rest)
		s.block, s.pos = block, 0
	}
	return s.block[len(s.block):cap(s.block)]
}

// filled says that n bytes of text have been put into room.
func (s *scanner) filled(n int) { s.block = s.block[:len(s.block)+n] }

// scan finds the next row. Blank lines and comments are none.
func (s *scanner) scan() state {
	if s.skipping && !s.skipLine() {
		return s.outOfText()
	}
	for {
		rest := s.block[s.pos:]
		n := bytes.IndexByte(rest, '\n')
		size := n + 1
		if n < 0 {
			if len(rest) > s.maxRow+1 { // the last byte may be half a CRLF
				s.skipping = true
				return s.bad(rest, 0, 0, s.tooLong())
			}
			if len(rest) == 0 || !s.ended {
				return s.outOfText()
			}
			n, size = len(rest), len(rest)
		}
		line := bytes.TrimSuffix(rest[:n], []byte{'\r'})
		switch {
		case len(line) == 0 || s.comment != "" && bytes.HasPrefix(line, []byte(s.comment)):
			s.advance(size, 1)
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

func (s *scanner) outOfText() state {
	if s.ended {
		return finished
	}
	return needMore
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
func (s *scanner) good(raw []byte, size int, lines int64) state {
	s.row.raw, s.row.offset, s.row.line, s.row.err = raw, s.offset, s.line, nil
	s.row.text = unsafe.String(unsafe.SliceData(raw), len(raw)) // what has been scanned doesn't change
	s.advance(size, lines)
	return scanned
}

// bad gives up a row. size is what to go on after.
func (s *scanner) bad(raw []byte, size int, lines int64, err error) state {
	if len(raw) > s.maxRow {
		raw = bytes.Clone(raw[:min(len(raw), longRowKept)])
	}
	s.good(raw, size, lines)
	s.row.cells, s.row.err = s.row.cells[:0], err
	return scanned
}

func (s *scanner) advance(size int, lines int64) {
	s.pos += size
	s.offset += int64(size)
	s.line += lines
}

// skipLine drops the text up to the end of the line, and reports whether it
// has found that.
func (s *scanner) skipLine() bool {
	rest := s.block[s.pos:]
	n := bytes.IndexByte(rest, '\n')
	if n >= 0 {
		s.advance(n+1, 1)
		s.skipping = false
		return true
	}
	s.offset += int64(len(rest))
	s.block = s.block[:s.pos] // nobody has seen what is dropped, so its room is free
	return false
}
