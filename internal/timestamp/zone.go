package timestamp

import (
	"errors"
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

// offset returns loc's offset at a time of its wall clock, given as if it were
// UTC. A time that the clock shows twice is the first of the two; one that it
// skips counts on from before the gap, so 02:30 is 03:30.
func offset(loc *time.Location, local int64) int64 {
	if loc == nil {
		return 0
	}
	before, after := offsetAt(loc, local-secondsPerDay), offsetAt(loc, local+secondsPerDay)
	if before == after || offsetAt(loc, local-before) == before || offsetAt(loc, local-after) != after {
		return before
	}
	return after
}

// offsetAt returns loc's offset at an instant.
func offsetAt(loc *time.Location, seconds int64) int64 {
	_, offset := time.Unix(seconds, 0).In(loc).Zone()
	return int64(offset)
}
