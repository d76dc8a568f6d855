package timestamp

import "time"

// quick reads the usual texts without a walk through the steps: a date of ten
// characters that is the one of the row before, and HH:MM[:SS[.fraction]] and
// zone at fixed places. It turns down whatever it is not sure of.
type quick struct {
	usable bool
	clock  int  // characters of the time of day: 0, 5 (HH:MM) or 8 (HH:MM:SS)
	gap    byte // the character between date and time of day
	zone   bool // a zone follows
	length int  // characters of date and time of day

	// The date seen last, as its first eight characters and its last two, and
	// the instant of its midnight. No day is remembered on which loc's offset
	// changes.
	known    bool
	first8   uint64
	last2    uint16
	midnight int64 // seconds, by the wall clock as if it were UTC
	offset   int64 // seconds east of UTC, when no zone is written
}

const (
	dateLength    = 10
	dateSteps     = 5 // year, month, day and two literals: ten characters if none is shortened
	secondsPerDay = 86400
)

// newQuick decides whether a pattern is one of those that quick can read.
func newQuick(steps []step) quick {
	dir := func(i int) byte { return steps[i].directive }
	if len(steps) < dateSteps || dir(1) != 0 || dir(3) != 0 {
		return quick{}
	}
	switch string([]byte{dir(0), dir(2), dir(4)}) {
	case "Ymd", "mdY", "dmY":
	default:
		return quick{}
	}
	q := quick{usable: true, length: dateLength}
	rest := steps[dateSteps:]
	if len(rest) == 0 {
		return q
	}
	isClock := len(rest) >= 4 && rest[0].directive == 0 && rest[1].directive == 'H' && rest[2].literal == ':' && rest[3].directive == 'M'
	if !isClock {
		return quick{}
	}
	q.gap, q.clock = rest[0].literal, 5
	rest = rest[4:]
	if len(rest) >= 2 && rest[0].literal == ':' && rest[1].directive == 'S' {
		q.clock, rest = 8, rest[2:]
	}
	if len(rest) == 1 && rest[0].directive == 'z' {
		q.zone, rest = true, nil
	}
	q.usable, q.length = len(rest) == 0, dateLength+1+q.clock
	return q
}

// remember keeps the date of ten characters that s begins with.
func (q *quick) remember(s string, midnight int64, loc *time.Location) {
	q.known = false
	// A day at either end of the range may overflow; the steps check it.
	if midnight < minSeconds+2*secondsPerDay || midnight > maxSeconds-2*secondsPerDay {
		return
	}
	q.offset = 0
	if !q.zone && loc != nil {
		first, _, _ := offsets(loc, midnight)
		last, _, _ := offsets(loc, midnight+secondsPerDay)
		if first != last {
			return
		}
		q.offset = first
	}
	q.known, q.first8, q.last2, q.midnight = true, load8(s), load2(s[8:]), midnight
}

// parse reads s if its date is the one remembered and its shape the usual one.
func (q *quick) parse(s string) (ns int64, ok bool) {
	if !q.known || len(s) < q.length || load8(s) != q.first8 || load2(s[8:]) != q.last2 {
		return 0, false
	}
	if q.clock == 0 {
		return (q.midnight - q.offset) * 1e9, len(s) == dateLength
	}
	if s[dateLength] != q.gap {
		return 0, false
	}
	rest := s[dateLength+1:]
	var seconds int64
	if q.clock == 8 {
		seconds = hourMinuteSecond(load8(rest))
	} else {
		seconds = hourMinuteSecond(uint64(load2(rest)) | uint64(load2(rest[2:]))<<16 | uint64(rest[4])<<32 | colonZeroZero)
	}
	if seconds < 0 {
		return 0, false
	}
	rest = rest[q.clock:]
	seconds += q.midnight
	var nanos int64
	if rest != "" && rest[0] == '.' && q.clock == 8 {
		var n int
		if nanos, n = fraction(rest[1:]); n == 0 {
			return 0, false
		}
		rest = rest[1+n:]
	}
	if !q.zone {
		return (seconds-q.offset)*1e9 + nanos, rest == ""
	}
	if len(rest) == 1 && rest[0] == 'Z' {
		return seconds*1e9 + nanos, true
	}
	east, n, err := zone(rest)
	return (seconds-east)*1e9 + nanos, err == nil && n == len(rest)
}

const (
	colonZeroZero = uint64(':')<<40 | uint64('0')<<48 | uint64('0')<<56
	zeroClock     = 0x3030_3a30_303a_3030 // "00:00:00"
	colons        = 0x0000_ff00_00ff_0000
	lows          = 0x0606_0606_0606_0606 // lifts a digit above 9 into the high nibble
	highs         = 0xf0f0_f0f0_f0f0_f0f0
)

// hourMinuteSecond returns the seconds since midnight of the eight characters
// HH:MM:SS, the first in the lowest byte; -1 if they are none.
func hourMinuteSecond(text uint64) int64 {
	v := text ^ zeroClock
	if v&colons != 0 || (v|(v+lows))&highs != 0 {
		return -1
	}
	hour := v&15*10 + v>>8&15
	minute := v>>24&15*10 + v>>32&15
	second := v>>48&15*10 + v>>56
	if hour > 23 || minute > 59 || second > 59 {
		return -1
	}
	return int64(hour*3600 + minute*60 + second)
}

func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load2(s string) uint16 { return uint16(s[0]) | uint16(s[1])<<8 }
