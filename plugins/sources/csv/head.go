package csv

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/textfile"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// headPatience is how long to wait for more rows of a pipe once there is one:
// whoever writes them slowly wants them to be passed on.
const headPatience = 500 * time.Millisecond

var errNoHeader = errors.New("there is no header among all the comments and blank lines at the start")

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

// times returns the event times as they are written in some columns; "" where
// one of the cells is null.
func (h *head) times(at []int) []string {
	times := h.column(at[0])
	for k, row := range h.rows {
		for _, i := range at[1:] {
			if times[k] == "" || row[i] == "" {
				times[k] = ""
				break
			}
			times[k] += " " + row[i]
		}
	}
	return times
}

// readHead reads the names of the columns, of which an empty file has none, and
// the first rows.
func readHead(ctx context.Context, text *textfile.Head, o *Options) (*head, error) {
	s := newScanner(o.dialect(), text.Text)
	h := &head{names: o.Columns}
	if o.Header {
		st, err := text.Next(ctx, s.scan, 0)
		if err == textfile.ErrHeadEnds {
			err = fmt.Errorf("%s: %w", text.Name, errNoHeader)
		}
		if err != nil {
			return nil, err
		}
		if st == textfile.Finished {
			return h, nil
		}
		if s.row.err != nil {
			return nil, fmt.Errorf("%s:%d: the header can't be read: %w", text.Name, s.row.line, s.row.err)
		}
		if bytes.IndexByte(s.row.raw, '\r') >= 0 && !bytes.ContainsAny(s.row.raw, "\"\n") {
			return nil, fmt.Errorf("%s:%d: the lines seem to end in CR alone; convert them to LF or CRLF", text.Name, s.row.line)
		}
		h.names, h.renamed = columnNames(&s.row)
	}
	return h, h.readSample(ctx, text, s, o)
}

// readSample adds the first rows to h.
func (h *head) readSample(ctx context.Context, text *textfile.Head, s *scanner, o *Options) error {
	var deadline time.Time
	for len(h.rows) < o.InferRows {
		patience := time.Duration(0)
		if len(h.rows) > 0 {
			patience = max(time.Until(deadline), 1)
		}
		st, err := text.Next(ctx, s.scan, patience)
		if err == textfile.ErrHeadEnds || err == textfile.ErrPatience || st == textfile.Finished {
			return nil
		}
		if err != nil {
			return err
		}
		text.Identify()
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

// looksLikeRow reports whether a header has a time in it, or nothing but
// numbers.
func looksLikeRow(header []string) bool {
	numbers := 0
	for _, cell := range header {
		if _, err := strconv.ParseFloat(cell, 64); err == nil {
			numbers++
			continue
		}
		if _, fits, err := timestamp.Detect([]string{cell}); err == nil && fits == 1 {
			return true
		}
	}
	return numbers == len(header)
}
