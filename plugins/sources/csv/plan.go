package csv

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// plan is how the rows of one file become records.
type plan struct {
	columns []column
	nulls   []string
	time    int // the column with the event time; -1 is none
	event   *eventTime
}

// newPlan makes the plan of a file from its first rows. Columns of one name
// have one type in all files: the one found first.
func (f *format) newPlan(h *head) *plan {
	p := &plan{nulls: f.options.NullValues, event: &f.event, time: slices.Index(h.names, f.event.column)}
	if f.event.column == "" {
		p.time = -1
	}
	for i, name := range h.names {
		c, known := f.columns[name]
		if !known {
			c = column{name: name}
			for _, cell := range h.column(i) {
				if cell != "" {
					c.kind = join(c.kind, kindOf(cell))
				}
			}
			if i == p.time {
				c.kind = str // its text stays as it is
			}
			if c.kind != unknown {
				f.columns[name] = c
			}
		}
		p.columns = append(p.columns, c)
	}
	return p
}

var errNoFormat = errors.New("how its times are written could not be found out, since none of the first rows could be read; say it with format")

// convert fills in a record's value and time.
func (p *plan) convert(row *row, r *pipeline.Record) error {
	if len(row.cells) != len(p.columns) {
		return p.wrongCount(len(row.cells))
	}
	fields := slices.Grow(r.Value.Fields(), len(p.columns))[:len(p.columns)]
	for i := range p.columns {
		c, f := &p.columns[i], &fields[i]
		cell := row.cell(i)
		f.Name = c.name
		if p.isNull(cell) {
			f.Value = pipeline.Null()
			continue
		}
		v, ok := c.value(cell)
		if !ok {
			return c.misfit(cell)
		}
		f.Value = v
	}
	r.Value = pipeline.Struct(fields)
	if p.time < 0 {
		return nil
	}
	return p.setTime(row.cell(p.time), r)
}

func (p *plan) isNull(cell string) bool {
	if cell == "" {
		return true
	}
	for _, null := range p.nulls {
		if cell == null {
			return true
		}
	}
	return false
}

func (p *plan) setTime(cell string, r *pipeline.Record) error {
	name := p.columns[p.time].name
	switch {
	case p.isNull(cell):
		return fmt.Errorf("column %q, the event time, is empty", name)
	case p.event.parser == nil:
		return fmt.Errorf("column %q: %w", name, errNoFormat)
	}
	ns, err := p.event.parser.Parse(cell)
	if err != nil {
		return fmt.Errorf("column %q: %w", name, err)
	}
	r.Time = time.Unix(0, ns).UTC()
	return nil
}

func (p *plan) wrongCount(n int) error {
	switch {
	case n == 1:
		return fmt.Errorf("1 field, but there are %d columns", len(p.columns))
	case len(p.columns) == 1:
		return fmt.Errorf("%d fields, but there is 1 column; %s", n, askDelimiter(cmp.Or(otherDelimiter(p.columns[0].name), ";")))
	}
	return fmt.Errorf("%d fields, but there are %d columns", n, len(p.columns))
}

// otherDelimiter returns the delimiter that a header of one column seems to
// have been written with, and "" if it has none.
func otherDelimiter(header string) string {
	i := strings.IndexAny(header, ";\t|,")
	if i < 0 {
		return ""
	}
	return header[i : i+1]
}

// delimiterHint is the end of an error about the columns that there are.
func delimiterHint(names []string) string {
	if len(names) != 1 || otherDelimiter(names[0]) == "" {
		return ""
	}
	return "; " + askDelimiter(otherDelimiter(names[0]))
}

func askDelimiter(d string) string {
	return fmt.Sprintf("are fields separated by %q? then say delimiter: %[1]q", d)
}

// String returns the columns and their types.
func (p *plan) String() string {
	var b strings.Builder
	for i, c := range p.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s: %v", c.name, c.kind)
		if i == p.time && p.event.parser != nil {
			fmt.Fprintf(&b, " (event time, %s)", p.event.parser.Format())
		}
	}
	return b.String()
}
