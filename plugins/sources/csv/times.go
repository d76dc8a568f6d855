package csv

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// setting returns an option as the user would set it; see pipeline.Env.Setting.
type setting func(option, value string) string

// eventTime says where records have their event time. It is found in the first
// file that has rows, and holds for those after it.
type eventTime struct {
	known   bool     // columns are final
	columns []string // what is read with blanks between them; none: there is no event time
	parser  *timestamp.Parser
	loc     *time.Location
	dst     timestamp.DST
	say     setting
}

func newEventTime(o *Options, say setting) (t eventTime, err error) {
	t = eventTime{known: len(o.Timestamp) > 0, columns: o.Timestamp, dst: o.DST, say: say}
	if t.loc, err = time.LoadLocation(o.Timezone); err == nil && o.Format != "" {
		t.parser, err = timestamp.New(o.Format, t.loc)
	}
	return t, err
}

// String names the columns.
func (t *eventTime) String() string { return quoteAll(t.columns) }

// in returns which columns of a file hold the event time.
func (t *eventTime) in(names []string) []int {
	var at []int
	for _, c := range t.columns {
		at = append(at, slices.Index(names, c))
	}
	return at
}

// find looks for the event time in the first rows of a file.
func (t *eventTime) find(file string, h *head) error {
	defer t.settle()
	if !t.known {
		return t.choose(file, h)
	}
	at := t.in(h.names)
	if i := slices.Index(at, -1); i >= 0 {
		return fmt.Errorf("%s has no column %q for the event time; it has %s%s", file, t.columns[i], quoteAll(h.names), delimiterHint(h.names, t.say))
	}
	if t.parser != nil || len(at) == 0 || len(h.rows) == 0 {
		return nil
	}
	return t.detect(file, h.times(at))
}

// settle makes ready the parser that has been found.
func (t *eventTime) settle() {
	if t.parser != nil {
		t.parser.SetDST(t.dst)
	}
}

// detect finds the format of the event time. Some cells may not fit: they fail
// their rows.
func (t *eventTime) detect(file string, cells []string) (err error) {
	if t.parser, err = timestamp.Find(cells, t.loc, t.sayFormat); err != nil {
		err = fmt.Errorf("%s: column %v: %w", file, t, err)
	}
	return err
}

// sayFormat returns the option that says how times are written.
func (t *eventTime) sayFormat(format string) string { return t.say("format", format) }

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
	if t.parser != nil {
		t.parser.Odd() // the cells will be read again, and counted then
	}
	switch {
	case len(found) > 1:
		for i, name := range found {
			found[i] = t.say("timestamp", name)
		}
		return doubtError{fmt.Errorf("%s: which column holds the event time? say it with %s", file, strings.Join(found, " or "))}
	case question != nil:
		return doubtError{fmt.Errorf("%s: column %q: %w", file, found[0], question)}
	case len(found) == 1:
		t.columns, t.parser = found, parser
	}
	t.known = true
	return nil
}

// none says that a file has no event time, by which user goes, and what column
// is nearly one.
func (t *eventTime) none(file string, h *head, user string) error {
	for i, name := range h.names {
		if err := timestamp.Misfit(slices.DeleteFunc(h.column(i), func(c string) bool { return c == "" })); err != nil {
			return fmt.Errorf("%s has no column whose first cells all are times, and %s: goes by one; if it is column %q, say %s; but %w", file, user, name, t.say("timestamp", name), err)
		}
	}
	return fmt.Errorf("%s has no column whose first cells all are times, and %s: goes by one; if there is one, name it with %s; the columns are %s%s", file, user, t.say("timestamp", ""), quoteAll(h.names), delimiterHint(h.names, t.say))
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
	var ambiguous *timestamp.AmbiguousError
	switch {
	case fits < len(cells):
		return nil, nil
	case errors.As(err, &ambiguous):
		return nil, errors.New(ambiguous.Ask(t.sayFormat))
	case err != nil:
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
