package csv

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unsafe"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// plan is how the rows of one file become records.
type plan struct {
	columns []column
	nulls   []string
	time    []int // the columns with the event time; none: there is none
	event   *eventTime
	scratch []byte // the event time, put together
}

// newPlan makes the plan of a file from its first rows. Columns of one name
// have one type in all files: the one found first.
func (f *format) newPlan(h *head) *plan {
	p := &plan{nulls: f.options.NullValues, event: &f.event, time: f.event.in(h.names)}
	for i, name := range h.names {
		c, known := f.columns[name]
		if !known {
			c = column{name: name, point: f.options.Decimal[0]}
			for _, cell := range h.column(i) {
				if cell != "" {
					c.kind = join(c.kind, kindOf(cell, c.point))
				}
			}
			if slices.Contains(p.time, i) {
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
			return c.misfit(cell, p.event.say)
		}
		f.Value = v
	}
	r.Value = pipeline.Struct(fields)
	if len(p.time) == 0 {
		return nil
	}
	return p.setTime(row, r)
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

func (p *plan) setTime(row *row, r *pipeline.Record) error {
	for _, i := range p.time {
		if p.isNull(row.cell(i)) {
			return fmt.Errorf("column %q, the event time, is empty", p.columns[i].name)
		}
	}
	if p.event.parser == nil {
		return fmt.Errorf("column %v: how its times are written could not be found out, since none of the first rows could be read; say it with %s", p.event, p.event.say("format", ""))
	}
	ns, err := p.event.parser.Parse(p.timeText(row))
	if err != nil {
		return fmt.Errorf("column %v: %w", p.event, err)
	}
	r.Time = time.Unix(0, ns).UTC()
	return nil
}

// timeText returns the event time as it is written. It is good until the next
// call.
func (p *plan) timeText(row *row) string {
	if len(p.time) == 1 {
		return row.cell(p.time[0])
	}
	p.scratch = append(p.scratch[:0], row.cell(p.time[0])...)
	for _, i := range p.time[1:] {
		p.scratch = append(append(p.scratch, ' '), row.cell(i)...)
	}
	return unsafe.String(unsafe.SliceData(p.scratch), len(p.scratch))
}

func (p *plan) wrongCount(n int) error {
	switch {
	case n == 1:
		return fmt.Errorf("1 field, but there are %d columns", len(p.columns))
	case len(p.columns) == 1:
		return fmt.Errorf("%d fields, but there is 1 column; %s", n, askDelimiter(cmp.Or(otherDelimiter(p.columns[0].name), ";"), p.event.say))
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
func delimiterHint(names []string, say setting) string {
	if len(names) != 1 || otherDelimiter(names[0]) == "" {
		return ""
	}
	return "; " + askDelimiter(otherDelimiter(names[0]), say)
}

func askDelimiter(d string, say setting) string {
	return fmt.Sprintf("are fields separated by %q? then say %s", d, say("delimiter", d))
}

// String returns the columns and their types.
func (p *plan) String() string {
	var b strings.Builder
	for i, c := range p.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s: %v", c.name, c.kind)
		if slices.Contains(p.time, i) && p.event.parser != nil {
			fmt.Fprintf(&b, " (event time, %s)", p.event.parser.Format())
		}
	}
	return b.String()
}
