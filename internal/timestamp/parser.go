package timestamp

import (
	"fmt"
	"math"
	"time"
	_ "time/tzdata" // the zones must be there on a machine without a zone database
)

// A Parser reads times of one format. It remembers the date that it saw last,
// so it must not be used by two goroutines at once.
type Parser struct {
	format string
	loc    *time.Location // nil: UTC
	dst    DST
	odd    int64 // times that exist twice, or not at all
	unit   int64 // nanoseconds per unit of a format that counts, else 0
	steps  []step

	fraction bool // %S takes a fraction
	quick    quick
}

// New returns a parser for a format. Times that carry no zone are of loc; nil
// means UTC.
func New(format string, loc *time.Location) (*Parser, error) {
	if loc == time.UTC {
		loc = nil
	}
	p := &Parser{format: format, loc: loc, unit: unixUnits[format]}
	if p.unit != 0 {
		return p, nil
	}
	pattern := format
	if format == RFC3339 {
		pattern = rfc3339Pattern
	}
	var err error
	if p.steps, err = compile(pattern); err != nil {
		return nil, err
	}
	p.fraction = true
	for _, s := range p.steps {
		p.fraction = p.fraction && s.directive != 'f'
	}
	p.quick = newQuick(p.steps)
	return p, nil
}

// Format returns the format as it was given to New.
func (p *Parser) Format() string { return p.format }

// Parse returns the time that s writes, in nanoseconds since
// 1970-01-01T00:00:00Z. It does not allocate unless it fails.
func (p *Parser) Parse(s string) (int64, error) {
	if p.unit != 0 {
		ns, err := parseUnix(s, p.unit)
		if err != nil {
			return 0, p.fail(s, err)
		}
		return ns, nil
	}
	if ns, ok := p.quick.parse(s); ok {
		return ns, nil
	}
	ns, err := p.parse(s)
	if err != nil {
		return 0, p.fail(s, err)
	}
	return ns, nil
}

func (p *Parser) fail(s string, err error) error {
	if s == "" {
		return fmt.Errorf("the time is empty")
	}
	return fmt.Errorf("%q is not a time of format %s: %w", shorten(s), p.format, err)
}

// shorten keeps an error message readable when the text is not.
func shorten(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// fields are the parts of a time as they are written.
type fields struct {
	year, month, day, hour, minute, second int

	nanos   int64
	offset  int64 // seconds east of UTC
	hasZone bool
	half    half
}

// parse walks the pattern's steps. It is right for every format; quick is
// right, and quicker, for some texts.
func (p *Parser) parse(s string) (int64, error) {
	f := fields{month: 1, day: 1}
	i := 0
	dateEnd := 0
	for k, st := range p.steps {
		n, err := p.take(st, s[i:], &f)
		if err != nil {
			return 0, fmt.Errorf("%w at character %d", err, i+1)
		}
		i += n
		if k == dateSteps-1 {
			dateEnd = i
		}
	}
	if i < len(s) {
		return 0, fmt.Errorf("more text than the format at character %d", i+1)
	}
	midnight := time.Date(f.year, time.Month(f.month), f.day, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != f.day {
		return 0, fmt.Errorf("%s %d has no day %d", time.Month(f.month), f.year, f.day)
	}
	if f.half != 0 {
		f.hour = f.half.hour(f.hour)
	}
	clock := int64(f.hour*3600 + f.minute*60 + f.second)
	if p.quick.usable && dateEnd == dateLength {
		p.quick.remember(s, midnight.Unix(), p.loc)
	}
	local := midnight.Unix() + clock
	if !f.hasZone && p.loc != nil {
		var err error
		if f.offset, err = p.localOffset(local); err != nil {
			return 0, err
		}
	}
	return nanoseconds(local-f.offset, f.nanos)
}

// take reads one step's text from the front of s, and returns its length.
func (p *Parser) take(st step, s string, f *fields) (n int, err error) {
	switch st.directive {
	case 0:
		if s == "" || s[0] != st.literal {
			return 0, fmt.Errorf("no %q", st.literal)
		}
		return 1, nil
	case 'Y':
		f.year, n, err = number(s, 4, 4, 0, 9999, "year")
	case 'y':
		f.year, n, err = number(s, 2, 2, 0, 99, "year")
		f.year += 1900
		if f.year < 1969 {
			f.year += 100
		}
	case 'm':
		f.month, n, err = number(s, 1, 2, 1, 12, "month")
	case 'b', 'B':
		if f.month, n = monthName(s); n == 0 {
			err = fmt.Errorf("no month's name")
		}
	case 'd':
		f.day, n, err = number(s, 1, 2, 1, 31, "day")
	case 'H':
		f.hour, n, err = number(s, 1, 2, 0, 23, "hour")
	case 'I':
		f.hour, n, err = number(s, 1, 2, 1, 12, "hour")
	case 'p':
		if f.half, n = readHalf(s); n == 0 {
			err = fmt.Errorf("no AM or PM")
		}
	case 'M':
		f.minute, n, err = number(s, 1, 2, 0, 59, "minute")
	case 'S':
		f.second, n, err = number(s, 1, 2, 0, 59, "second")
		if err == nil && p.fraction {
			var m int
			f.nanos, m = pointFraction(s[n:])
			n += m
		}
	case 'f':
		if f.nanos, n = fraction(s); n == 0 {
			err = fmt.Errorf("no fraction")
		}
	case 'z':
		f.hasZone = true
		f.offset, n, err = zone(s)
	}
	return n, err
}

// number reads between atLeast and atMost digits, and a value in [low, high].
func number(s string, atLeast, atMost, low, high int, name string) (v, n int, err error) {
	for n < len(s) && n < atMost && isDigit(s[n]) {
		v = v*10 + int(s[n]-'0')
		n++
	}
	if n < atLeast {
		return 0, 0, fmt.Errorf("no %s", name)
	}
	if v < low || v > high {
		return 0, 0, fmt.Errorf("%s %s is out of range", name, s[:n])
	}
	return v, n, nil
}

// pointFraction reads a point or comma and the digits after it, if they are
// there.
func pointFraction(s string) (nanos int64, n int) {
	if len(s) < 2 || s[0] != '.' && s[0] != ',' {
		return 0, 0
	}
	if nanos, n = fraction(s[1:]); n == 0 {
		return 0, 0
	}
	return nanos, n + 1
}

// fraction reads the digits after a decimal point.
func fraction(s string) (nanos int64, n int) {
	unit := int64(1e8)
	for n < len(s) && isDigit(s[n]) {
		nanos += int64(s[n]-'0') * unit
		unit /= 10
		n++
	}
	return nanos, n
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// The seconds since 1970 all of whose nanoseconds fit in an int64. Of the one
// before and the one after some do.
const (
	minSeconds = -9223372036
	maxSeconds = 9223372035
)

func nanoseconds(seconds, nanos int64) (int64, error) {
	const first, last = math.MinInt64 - minSeconds*1e9, math.MaxInt64 - (maxSeconds+1)*1e9
	switch {
	case seconds == minSeconds-1 && nanos-1e9 >= first:
		return minSeconds*1e9 + (nanos - 1e9), nil
	case seconds == maxSeconds+1 && nanos <= last, seconds >= minSeconds && seconds <= maxSeconds:
		return seconds*1e9 + nanos, nil
	}
	return 0, errRange
}
