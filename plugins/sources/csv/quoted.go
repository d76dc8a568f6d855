package csv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

var (
	errBareQuote = errors.New(`a quote stands inside an unquoted field; quote the field and write the quote twice ("")`)
	errAfter     = errors.New(`text follows the closing quote; a quote inside a quoted field is written twice ("")`)

	// The text ends within the field, before and after the closing quote. More
	// of it may help.
	errUnclosed = errors.New("the quote is not closed")
	errCutOff   = errors.New("the field is cut off")
)

// field is one field of a row, as it stands in the text.
type field struct {
	span      // without its quotes
	next int  // where the text after its delimiter or line end begins
	last bool // no more of the row comes
}

// scanQuoted scans a row in whose first line there is a quote. If the row is
// not well-formed, or doesn't end within the size that a row may have, then
// only its first line is given up: a stray quote takes no other rows with it.
func (s *scanner) scanQuoted(line []byte, size int) textfile.State {
	rest := s.Rest()
	cut := len(rest) > s.maxRow+len("\r\n")
	if cut {
		rest = rest[:s.maxRow+len("\r\n")]
	}
	final := s.Ended() && !cut
	s.row.cells, s.doubled = s.row.cells[:0], false
	f := field{}
	for !f.last {
		var err error
		if f.next < len(rest) && rest[f.next] == '"' {
			f, err = s.quotedField(rest, f.next, final)
		} else {
			f, err = s.plainField(rest, f.next, final)
		}
		switch {
		case (err == errUnclosed || err == errCutOff) && !final && !cut:
			return textfile.NeedMore
		case err != nil:
			return s.bad(line, size, 1, s.fieldError(err, cut))
		}
		s.row.cells = append(s.row.cells, f.span)
	}
	raw := bytes.TrimSuffix(bytes.TrimSuffix(rest[:f.next], []byte{'\n'}), []byte{'\r'})
	if len(raw) > s.maxRow {
		return s.bad(line, size, 1, s.tooLong())
	}
	lines := int64(1)
	if f.next > size {
		lines = int64(bytes.Count(rest[:f.next], []byte{'\n'}))
	}
	s.good(raw, f.next, lines)
	if s.doubled {
		s.undouble()
	}
	return textfile.Found
}

// fieldError says which field is wrong: the one after those in row.cells.
func (s *scanner) fieldError(err error, cut bool) error {
	switch {
	case err == errCutOff:
		return s.tooLong()
	case err == errUnclosed && cut:
		err = fmt.Errorf("%w within max_row (%v)", err, pipeline.ByteSize(s.maxRow))
	}
	return fmt.Errorf("field %d: %w", len(s.row.cells)+1, err)
}

// plainField reads the field at rest[i:], which has no quotes. final says that
// there is no text after rest.
func (s *scanner) plainField(rest []byte, i int, final bool) (field, error) {
	n := bytes.IndexByte(rest[i:], s.delimiter)
	last := n < 0
	if last {
		n = len(rest) - i
	}
	cell := rest[i : i+n]
	next := i + n + 1
	if n := bytes.IndexByte(cell, '\n'); n >= 0 {
		cell, next, last = cell[:n], i+n+1, true
	} else if last && !final {
		return field{}, errCutOff
	} else if last {
		next = len(rest)
	}
	if last {
		cell = bytes.TrimSuffix(cell, []byte{'\r'})
	}
	if bytes.IndexByte(cell, '"') >= 0 {
		return field{}, errBareQuote
	}
	return field{span{uint32(i), uint32(i + len(cell))}, next, last}, nil
}

// quotedField reads the field at rest[i:], which begins with a quote.
func (s *scanner) quotedField(rest []byte, i int, final bool) (field, error) {
	start, end := uint32(i+1), i+1
	for {
		n := bytes.IndexByte(rest[end:], '"')
		if n < 0 || end+n+1 == len(rest) && !final {
			return field{}, errUnclosed
		}
		end += n + 1
		if end == len(rest) || rest[end] != '"' {
			break
		}
		s.doubled = true
		end++
	}
	f := field{span: span{start, uint32(end - 1)}, next: end, last: true}
	after := rest[end:]
	switch {
	case len(after) == 0:
		return f, nil
	case after[0] == s.delimiter:
		f.next, f.last = end+1, false
		return f, nil
	case after[0] == '\n':
		f.next = end + 1
		return f, nil
	case after[0] != '\r':
		return f, errAfter
	case len(after) == 1 && final:
		f.next = end + 1
		return f, nil
	case len(after) == 1:
		return f, errCutOff
	case after[1] != '\n':
		return f, errAfter
	}
	f.next = end + 2
	return f, nil
}

// undouble makes the doubled quotes of the row's cells single, in a text of
// its own.
func (s *scanner) undouble() {
	r := &s.row
	if cap(s.single)-len(s.single) < len(r.text) {
		s.single = make([]byte, 0, max(singleSize, len(r.text)))
	}
	first := len(s.single)
	for i := range r.cells {
		start := len(s.single)
		cell := r.cell(i)
		for n := strings.IndexByte(cell, '"'); n >= 0; n = strings.IndexByte(cell, '"') {
			s.single = append(s.single, cell[:n+1]...)
			cell = cell[n+2:]
		}
		s.single = append(s.single, cell...)
		r.cells[i] = span{uint32(start - first), uint32(len(s.single) - first)}
	}
	r.text = unsafe.String(unsafe.SliceData(s.single[first:]), len(s.single)-first)
}
