package timestamp

import (
	"fmt"
	"slices"
	"strings"
)

// An AmbiguousError asks which of two dates the cells of a column mean.
type AmbiguousError struct {
	Cells      []string // one that could mean either; or two that differ in what they can mean
	DayFirst   string   // the format that reads the day before the month
	MonthFirst string   // the one that reads the month before the day
}

func (e *AmbiguousError) Error() string {
	return e.Ask(func(format string) string { return fmt.Sprintf("format: %q", format) })
}

// Ask asks for an answer; say returns the option that gives it, with a format.
func (e *AmbiguousError) Ask(say func(format string) string) string {
	question := fmt.Sprintf("is %q day first or month first?", e.Cells[0])
	if len(e.Cells) > 1 {
		question = fmt.Sprintf("%q has the day first and %q the month: which is right?", e.Cells[0], e.Cells[1])
	}
	return fmt.Sprintf("%s say %s or %s", question, say(e.DayFirst), say(e.MonthFirst))
}

// Detect returns the format that most of the cells are written in, and how
// many of them are; "" and 0 if none is a time. Numbers count as times if they
// lie in the years 1990 to 2099, in one of the units.
//
// Dates such as 03/04/2021 are read day first or month first if some cell
// rules out the other and none rules out this one. Otherwise Detect returns an
// *AmbiguousError, with the number of cells that it concerns.
func Detect(cells []string) (format string, fits int, err error) {
	var found []*tally
	for _, cell := range cells {
		format, twin := shape(cell)
		if format == "" {
			continue
		}
		i := slices.IndexFunc(found, func(t *tally) bool { return t.format == format })
		if i < 0 {
			i, found = len(found), append(found, newTally(format, twin))
		}
		found[i].count(cell)
	}
	if len(found) == 0 {
		return "", 0, nil
	}
	best := slices.MaxFunc(found, func(a, b *tally) int { return a.fits() - b.fits() })
	format, err = best.decide()
	return format, best.fits(), err
}

// tally counts the cells of one shape: those that fit one format, and, where
// day and month may change places, its twin.
type tally struct {
	format, twin               string
	parser, twinParser         *Parser
	formatOnly, twinOnly, both examples
}

// examples are cells, of which the last is kept.
type examples struct {
	n    int
	last string
}

func (e *examples) add(cell string) { e.n, e.last = e.n+1, cell }

func newTally(format, twin string) *tally {
	t := &tally{format: format, twin: twin, parser: mustNew(format)}
	if twin != "" {
		t.twinParser = mustNew(twin)
	}
	return t
}

// mustNew returns a parser for a format that shape has made.
func mustNew(format string) *Parser {
	p, err := New(format, nil)
	if err != nil {
		panic(err)
	}
	return p
}

func (t *tally) count(cell string) {
	_, err := t.parser.Parse(cell)
	fits, twinFits := err == nil, false
	if t.twin != "" {
		_, err = t.twinParser.Parse(cell)
		twinFits = err == nil
	}
	switch {
	case fits && twinFits:
		t.both.add(cell)
	case fits:
		t.formatOnly.add(cell)
	case twinFits:
		t.twinOnly.add(cell)
	}
}

func (t *tally) fits() int { return t.formatOnly.n + t.twinOnly.n + t.both.n }

func (t *tally) decide() (string, error) {
	switch {
	case t.fits() == 0:
		return "", nil
	case t.twin == "" || t.formatOnly.n > 0 && t.twinOnly.n == 0:
		return t.format, nil
	case t.twinOnly.n > 0 && t.formatOnly.n == 0:
		return t.twin, nil
	}
	cells := []string{t.both.last}
	if t.formatOnly.n > 0 {
		cells = []string{t.formatOnly.last, t.twinOnly.last}
	}
	return "", &AmbiguousError{Cells: cells, DayFirst: t.format, MonthFirst: t.twin}
}

// shape returns the format that a cell seems to be written in, "" for none; and
// for a date that may be read day first or month first the second of the two.
// It goes by the punctuation: whether the numbers make a time is for a parser.
func shape(s string) (format, twin string) {
	if unit := unixShape(s); unit != "" {
		return unit, ""
	}
	if format := namedShape(s); format != "" {
		return format, ""
	}
	a, rest := digits(s)
	if rest == "" {
		return "", ""
	}
	if a == len("20210101") {
		return basicShape(rest), ""
	}
	separator := rest[:1]
	b, rest, ok := afterSeparator(rest, separator)
	if !ok {
		return "", ""
	}
	c, rest, ok := afterSeparator(rest, separator)
	clock, known := clockShape(rest)
	if !ok || !known || b > 2 {
		return "", ""
	}
	switch {
	case a == 4 && c <= 2 && strings.Contains("-/", separator):
		format = "%Y" + separator + "%m" + separator + "%d" + clock
		if format == rfc3339Pattern {
			format = RFC3339
		}
		return format, ""
	case a <= 2 && c == 4 && strings.Contains("-/.", separator):
		return "%d" + separator + "%m" + separator + "%Y" + clock, "%m" + separator + "%d" + separator + "%Y" + clock
	}
	return "", ""
}

// basicShape is shape for what follows the date in the basic format of ISO 8601,
// as in 20210101T000000Z.
func basicShape(s string) string {
	n, rest := digits(s[1:])
	_, fraction := pointFraction(rest)
	rest = rest[fraction:]
	_, zoned, err := zone(rest)
	switch {
	case s[0] != 'T' || n != len("000000"):
		return ""
	case rest == "":
		return "%Y%m%dT%H%M%S"
	case err == nil && zoned == len(rest):
		return "%Y%m%dT%H%M%S%z"
	}
	return ""
}

// digits counts the digits at the front of s, and returns what follows them.
func digits(s string) (n int, rest string) {
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n, s[n:]
}

// afterSeparator counts the digits that follow a separator.
func afterSeparator(s, separator string) (n int, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(s, separator); !ok {
		return 0, s, false
	}
	n, rest = digits(rest)
	return n, rest, n > 0
}

// clockShape returns the pattern of a time of day with what separates it from
// the date, and of the zone.
func clockShape(s string) (pattern string, ok bool) {
	if s == "" {
		return "", true
	}
	if s[0] != ' ' && s[0] != 'T' {
		return "", false
	}
	pattern = s[:1] + "%H:%M"
	_, rest := digits(s[1:])
	_, rest, ok = afterSeparator(rest, ":")
	if !ok {
		return "", false
	}
	if _, after, more := afterSeparator(rest, ":"); more {
		pattern, rest = pattern+":%S", after
		_, n := pointFraction(rest)
		rest = rest[n:]
	}
	if after, space := strings.CutPrefix(rest, " "); space {
		pattern, rest = pattern+" ", after
	}
	if rest == "" {
		return pattern, true
	}
	if _, n := readHalf(rest); n == len(rest) {
		return strings.Replace(pattern, "%H", "%I", 1) + "%p", true
	}
	_, n, err := zone(rest)
	return pattern + "%z", err == nil && n == len(rest)
}

// The seconds since 1970 in which a number is taken for a time: the years 1990
// to 2099. The ranges in the finer units don't overlap.
const (
	firstPlausible = 631152000
	lastPlausible  = 4102444799
)

// unixShape returns the format of a number that is a plausible count since
// 1970.
func unixShape(s string) string {
	for _, format := range []string{Unix, UnixMilli, UnixMicro, UnixNano} {
		ns, err := parseUnix(s, unixUnits[format])
		if err == nil && ns >= firstPlausible*1e9 && ns/1e9 <= lastPlausible {
			return format
		}
	}
	return ""
}
