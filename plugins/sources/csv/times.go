package csv

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// eventTime says where records have their event time. It is found in the first
// file that has rows, and holds for those after it.
type eventTime struct {
	known  bool   // column is final
	column string // "" is none
	parser *timestamp.Parser
	loc    *time.Location
}

func newEventTime(o *Options) (eventTime, error) {
	t := eventTime{known: o.Timestamp != "", column: o.Timestamp}
	var err error
	if t.loc, err = time.LoadLocation(o.Timezone); err == nil && o.Format != "" {
		t.parser, err = timestamp.New(o.Format, t.loc)
	}
	return t, err
}

// find looks for the event time in the first rows of a file.
func (t *eventTime) find(file string, h *head) error {
	if !t.known {
		return t.choose(file, h)
	}
	if t.column == "" {
		return nil
	}
	i := slices.Index(h.names, t.column)
	if i < 0 {
		return fmt.Errorf("%s has no column %q for the event time; it has %s%s", file, t.column, quoteAll(h.names), delimiterHint(h.names))
	}
	if t.parser != nil || len(h.rows) == 0 {
		return nil
	}
	return t.detect(file, h.column(i))
}

// detect finds the format of the column that holds the event time. Some cells
// may not fit: they fail their rows.
func (t *eventTime) detect(file string, cells []string) (err error) {
	if t.parser, err = timestamp.Find(cells, t.loc, "format"); err != nil {
		err = fmt.Errorf("%s: column %q: %w", file, t.column, err)
	}
	return err
}

// A doubtError is a question about the event time that only the user can
// answer. Who goes by no event time need not be asked.
type doubtError struct{ error }

// choose takes the only column whose cells all are times. If there is none,
// records have no event time; if that can't be told, it returns a doubtError.
func (t *eventTime) choose(file string, h *head) error {
	if len(h.rows) == 0 {
		return nil
	}
	var found []string
	var parser *timestamp.Parser
	var question error
	for i, name := range h.names {
		p, err := t.candidate(h.column(i))
		if p != nil || err != nil {
			found, parser, question = append(found, name), p, err
		}
	}
	switch {
	case len(found) > 1:
		return doubtError{fmt.Errorf("%s: which column holds the event time? say it with timestamp: %s", file, strings.Join(found, " or timestamp: "))}
	case question != nil:
		return doubtError{fmt.Errorf("%s: column %q: %w", file, found[0], question)}
	case len(found) == 1:
		t.column, t.parser = found[0], parser
	}
	t.known = true
	return nil
}

// none says that a file has no event time, and what column is nearly one.
func (t *eventTime) none(file string, h *head) error {
	for i, name := range h.names {
		if err := timestamp.Misfit(slices.DeleteFunc(h.column(i), func(c string) bool { return c == "" })); err != nil {
			return fmt.Errorf("%s has no column whose first cells all are times, and pace: goes by one; if it is column %q, say timestamp: %[2]q: %w", file, name, err)
		}
	}
	return fmt.Errorf("%s has no column whose first cells all are times, and pace: goes by one; if there is one, name it with timestamp; the columns are %s%s", file, quoteAll(h.names), delimiterHint(h.names))
}

// candidate returns a parser that reads all of the cells, or the question how
// they are to be read; neither if they are not all times. Numbers must rise.
func (t *eventTime) candidate(cells []string) (*timestamp.Parser, error) {
	if slices.Contains(cells, "") {
		return nil, nil
	}
	if t.parser != nil {
		for _, c := range cells {
			if _, err := t.parser.Parse(c); err != nil {
				return nil, nil
			}
		}
		return t.parser, nil
	}
	format, fits, err := timestamp.Detect(cells)
	if fits < len(cells) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := timestamp.New(format, t.loc)
	if err == nil && strings.HasPrefix(format, timestamp.Unix) && !rises(p, cells) {
		return nil, nil
	}
	return p, err
}

// rises reports whether at least three of four cells are not before the one
// above them. Numbers that could be times, but are amounts or identifiers,
// seldom are so.
func rises(p *timestamp.Parser, cells []string) bool {
	steps, last := 0, int64(math.MinInt64)
	for _, c := range cells {
		ns, err := p.Parse(c)
		if err == nil && ns >= last {
			steps++
		}
		last = ns
	}
	return steps*4 >= len(cells)*3
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}
