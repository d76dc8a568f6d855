package timestamp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

var errZone = errors.New("no zone (Z, +01:00, +0100 or +01)")

// zone reads a zone and returns its offset in seconds east of UTC.
func zone(s string) (offset int64, n int, err error) {
	if s == "" {
		return 0, 0, errZone
	}
	if s[0] == 'Z' || s[0] == 'z' {
		return 0, 1, nil
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, 0, errZone
	}
	hours, n, err := number(s[1:], 2, 2, 0, 23, "zone hour")
	if err != nil {
		return 0, 0, err
	}
	n++
	minutes, m := 0, 0
	switch {
	case n < len(s) && s[n] == ':':
		n++
		minutes, m, err = number(s[n:], 2, 2, 0, 59, "zone minute")
	case n < len(s) && isDigit(s[n]):
		minutes, m, err = number(s[n:], 2, 2, 0, 59, "zone minute")
	}
	if err != nil {
		return 0, 0, err
	}
	offset = int64(hours*3600 + minutes*60)
	if s[0] == '-' {
		offset = -offset
	}
	return offset, n + m, nil
}

// DST says which instant a local time is that a clock shows twice, because it
// is set back, or never, because it is set forward. The names are those of
// Temporal, the dates of ECMAScript.
type DST uint8

// The zero DST goes forward: the first of two, and of a time that is skipped
// the instant as far after the gap as it is written after the gap's start.
const (
	Forward DST = iota
	Earlier     // of the two instants that the offsets before and after make
	Later
	Reject // such a time is an error
)

var dstNames = [...]string{"", "earlier", "later", "reject"}

// OptionType implements pipeline.Typer.
func (DST) OptionType() string { return "earlier|later|reject" }

func (d DST) String() string { return dstNames[d] }

// Name is String, with a name for the zero DST too.
func (d DST) Name() string { return cmp.Or(dstNames[d], "the default") }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *DST) UnmarshalText(name []byte) error {
	i := slices.Index(dstNames[:], string(name))
	if i <= 0 {
		return fmt.Errorf("wants earlier, later or reject, not %q", name)
	}
	*d = DST(i)
	return nil
}

// SetDST says how local times are taken that exist twice or not at all.
func (p *Parser) SetDST(d DST) { p.dst = d }

// Odd returns how many of these have been parsed, since the last call.
func (p *Parser) Odd() int64 {
	n := p.odd
	p.odd = 0
	return n
}

// localOffset returns the offset of the location at a time of its wall clock,
// given as if it were UTC.
func (p *Parser) localOffset(local int64) (int64, error) {
	before, after, count := offsets(p.loc, local)
	if count == 1 {
		return before, nil
	}
	p.odd++
	switch {
	case p.dst == Reject && count == 0:
		return 0, fmt.Errorf("the clocks of %v skip this time", p.loc)
	case p.dst == Reject:
		return 0, fmt.Errorf("the clocks of %v show this time twice", p.loc)
	case p.dst == Earlier:
		return max(before, after), nil
	case p.dst == Later:
		return min(before, after), nil
	}
	return before, nil
}

// offsets returns loc's offsets before and after the change of its clock at a
// local time, and at how many instants the clock shows that time: 0, 1 or 2.
// Far from a change, or at one instant, before is the offset.
func offsets(loc *time.Location, local int64) (before, after int64, instants int) {
	before, after = offsetAt(loc, local-secondsPerDay), offsetAt(loc, local+secondsPerDay)
	if before == after {
		return before, after, 1
	}
	first, second := offsetAt(loc, local-before) == before, offsetAt(loc, local-after) == after
	switch {
	case first && second:
		return before, after, 2
	case first:
		return before, before, 1
	case second:
		return after, after, 1
	}
	return before, after, 0
}

// offsetAt returns loc's offset at an instant.
func offsetAt(loc *time.Location, seconds int64) int64 {
	_, offset := time.Unix(seconds, 0).In(loc).Zone()
	return int64(offset)
}
