package csv

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// headBytes bounds what is read to look at the first rows.
	headBytes = 4 << 20
	// headPatience is how long to wait for more rows of a pipe once there is
	// one: whoever writes them slowly wants them to be passed on.
	headPatience = 500 * time.Millisecond
)

// errHeadEnds says that enough has been read to look at the first rows.
var errHeadEnds = errors.New("there is no header among all the comments and blank lines at the start")

// head is the beginning of a file.
type head struct {
	names   []string
	renamed []string   // those of names that the header doesn't give
	rows    [][]string // the first rows, nulls as "", without those that can't be read
}

// column returns the cells of a column.
func (h *head) column(i int) []string {
	cells := make([]string, len(h.rows))
	for k, row := range h.rows {
		cells[k] = row[i]
	}
	return cells
}

// next scans the next row, reading as much as it takes.
func (in *input) next(ctx context.Context, s *scanner, patience time.Duration) (state, error) {
	for {
		if st := s.scan(); st != needMore {
			return st, nil
		}
		if err := in.fill(ctx, s, patience); err != nil {
			return needMore, err
		}
	}
}

// begin returns a scanner at the first row of an input.
func (in *input) begin(ctx context.Context, d dialect) (*scanner, error) {
	s := newScanner(d, 0, 1)
	for len(s.block) < len(byteOrderMark) && !s.ended {
		if err := in.fill(ctx, s, 0); err != nil {
			return nil, err
		}
	}
	if what := notText(s.block); what != "" {
		return nil, fmt.Errorf("%s:1: this looks like %s", in.name, what)
	}
	if bytes.HasPrefix(s.block, []byte(byteOrderMark)) {
		s.advance(len(byteOrderMark), 0)
	}
	return s, nil
}

const byteOrderMark = "\xef\xbb\xbf"

// notText says what a file is whose text begins like this, if it is not CSV.
func notText(begin []byte) string {
	for _, magic := range []struct{ prefix, is string }{
		{"\x1f\x8b", "gzip; name it .gz to have it decompressed"},
		{"\x28\xb5\x2f\xfd", "zstd; name it .zst to have it decompressed"},
		{"PK\x03\x04", "a zip archive or a spreadsheet; unpack it, or save it as CSV"},
		{"\xff\xfe", "UTF-16; convert it to UTF-8"},
		{"\xfe\xff", "UTF-16; convert it to UTF-8"},
	} {
		if bytes.HasPrefix(begin, []byte(magic.prefix)) {
			return magic.is
		}
	}
	if bytes.IndexByte(begin, 0) >= 0 {
		return "a binary file, not CSV: it has zero bytes"
	}
	return ""
}

// readHead reads the names of the columns, of which an empty file has none, and
// the first rows. The input can then be read from its start again.
func (in *input) readHead(ctx context.Context, o *Options) (*head, error) {
	in.record = headBytes + 2*int(o.MaxRow)
	defer func() { in.record = 0 }()
	s, err := in.begin(ctx, o.dialect())
	if err != nil {
		return nil, err
	}
	h := &head{names: o.Columns}
	if o.Header {
		st, err := in.next(ctx, s, 0)
		if err == errHeadEnds {
			err = fmt.Errorf("%s: %w", in.name, err)
		}
		if err != nil {
			return nil, err
		}
		if st == finished {
			return h, nil
		}
		if s.row.err != nil {
			return nil, fmt.Errorf("%s:%d: the header can't be read: %w", in.name, s.row.line, s.row.err)
		}
		if bytes.IndexByte(s.row.raw, '\r') >= 0 && !bytes.ContainsAny(s.row.raw, "\"\n") {
			return nil, fmt.Errorf("%s:%d: the lines seem to end in CR alone; convert them to LF or CRLF", in.name, s.row.line)
		}
		h.names, h.renamed = columnNames(&s.row)
	}
	return h, in.readSample(ctx, s, h, o)
}

// readSample adds the first rows to h.
func (in *input) readSample(ctx context.Context, s *scanner, h *head, o *Options) error {
	var deadline time.Time
	for len(h.rows) < o.InferRows {
		patience := time.Duration(0)
		if len(h.rows) > 0 {
			patience = max(time.Until(deadline), 1)
		}
		st, err := in.next(ctx, s, patience)
		if err == errHeadEnds || err == errPatience || st == finished {
			return nil
		}
		if err != nil {
			return err
		}
		if s.row.err != nil || len(s.row.cells) != len(h.names) {
			continue
		}
		cells := make([]string, len(h.names))
		for i := range cells {
			if c := s.row.cell(i); !slices.Contains(o.NullValues, c) {
				cells[i] = c
			}
		}
		if h.rows = append(h.rows, cells); len(h.rows) == 1 {
			deadline = time.Now().Add(headPatience)
		}
	}
	return nil
}

// columnNames returns the names in a header. A record can't have two fields of
// one name, nor one without: such columns are named by their place.
func columnNames(r *row) (names, renamed []string) {
	for i := range r.cells {
		name := strings.Clone(r.cell(i)) // a slice would keep all of the block
		if name == "" || slices.Contains(names, name) {
			name = fmt.Sprintf("%s_%d", cmp.Or(name, "column"), i+1)
			for slices.Contains(names, name) {
				name += "_"
			}
			renamed = append(renamed, name)
		}
		names = append(names, name)
	}
	return names, renamed
}
