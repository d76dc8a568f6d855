package file

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// csvLines is RFC 4180 with a header, with \n at the ends of lines.
type csvLines struct {
	path   string
	header []string // nil until it is known
	cells  []pipeline.Value
}

func (c *csvLines) appendRecord(dst []byte, r *pipeline.Record) ([]byte, error) {
	if r.Value.Kind() != pipeline.KindStruct {
		return dst, fmt.Errorf("a row of CSV wants a struct, not %s", r.Value.Kind())
	}
	fs := r.Value.Fields()
	if c.header != nil {
		return c.appendRow(dst, fs)
	}
	if len(fs) == 0 {
		return dst, errors.New("the first record has no fields, which would be the header")
	}
	for i, f := range fs {
		c.header = append(c.header, strings.Clone(f.Name))
		dst = appendCell(dst, i, f.Name)
	}
	dst, err := c.appendRow(append(dst, '\n'), fs)
	if err != nil {
		c.header = nil
	}
	return dst, err
}

func (c *csvLines) appendRow(dst []byte, fs []pipeline.Field) ([]byte, error) {
	cells, err := c.arrange(fs)
	if err != nil {
		return dst, err
	}
	start := len(dst)
	for i, v := range cells {
		switch v.Kind() {
		case pipeline.KindList, pipeline.KindStruct:
			return dst, fmt.Errorf("field %s: a cell of CSV can't hold a %s: use format: json", c.header[i], v.Kind())
		case pipeline.KindString:
			dst = appendCell(dst, i, v.Str())
		case pipeline.KindBytes:
			s, _ := v.Text()
			dst = appendCell(dst, i, s)
		default:
			dst = v.AppendText(appendComma(dst, i))
		}
	}
	return endRow(dst, len(dst)-start), nil
}

// arrange returns the values of fs in the header's order.
func (c *csvLines) arrange(fs []pipeline.Field) ([]pipeline.Value, error) {
	c.cells = c.cells[:0]
	found := 0
	for i, name := range c.header {
		j := i
		if j >= len(fs) || fs[j].Name != name {
			j = slices.IndexFunc(fs, func(f pipeline.Field) bool { return f.Name == name })
		}
		if j < 0 {
			c.cells = append(c.cells, pipeline.Null())
			continue
		}
		found++
		c.cells = append(c.cells, fs[j].Value)
	}
	if found < len(fs) {
		return nil, c.unknownField(fs)
	}
	return c.cells, nil
}

func (c *csvLines) unknownField(fs []pipeline.Field) error {
	for i, f := range fs {
		if !slices.Contains(c.header, f.Name) {
			return fmt.Errorf("field %s is not in the header of %s, which has %s: take it out with select or remove",
				f.Name, c.path, strings.Join(c.header, ", "))
		}
		if slices.ContainsFunc(fs[:i], func(g pipeline.Field) bool { return g.Name == f.Name }) {
			return fmt.Errorf("field %s is there twice", f.Name)
		}
	}
	return fmt.Errorf("the header of %s names a field twice", c.path)
}

func appendComma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

// appendCell appends a text, in quotes where it needs them. The empty text has
// them too, so that it differs from null.
func appendCell(dst []byte, i int, s string) []byte {
	dst = appendComma(dst, i)
	if s != "" && !strings.ContainsAny(s, "\",\r\n") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for {
		quote := strings.IndexByte(s, '"')
		if quote < 0 {
			break
		}
		dst = append(append(dst, s[:quote+1]...), '"')
		s = s[quote+1:]
	}
	return append(append(dst, s...), '"')
}

// endRow ends a row of length bytes. One that is empty, of a single null, has
// quotes: readers skip empty lines.
func endRow(dst []byte, length int) []byte {
	if length == 0 {
		dst = append(dst, '"', '"')
	}
	return append(dst, '\n')
}

func (c *csvLines) check(f io.ReaderAt, size int64) (int64, error) {
	header, err := csv.NewReader(io.NewSectionReader(f, 0, min(size, maxLine))).Read()
	if err != nil {
		return 0, fmt.Errorf("has no header that can be read: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	end, quoted, err := lastRowEnd(f, size)
	switch {
	case err != nil:
		return 0, err
	case end == 0:
		return 0, errors.New("is no CSV with a complete header: remove it, or set mode: overwrite")
	}
	c.header = header
	if end == size {
		return end, nil
	}
	rest, err := readRest(f, end, size)
	if err == nil && quoted && bytes.IndexByte(rest, '\n') >= 0 { // a cell with an end of line, or a quote too many, long ago
		err = fmt.Errorf("ends within quotes: complete or remove the row at byte %d, which begins with %.40q", end+1, rest)
	}
	return end, err
}
