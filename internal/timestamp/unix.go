package timestamp

import (
	"errors"
	"math"
)

var errNumber = errors.New("not a number")

// parseUnix reads a count of units since 1970, perhaps with a fraction.
func parseUnix(s string, unit int64) (int64, error) {
	digits := s
	negative := s != "" && s[0] == '-'
	if negative {
		digits = s[1:]
	}
	var v, limit uint64 = 0, math.MaxInt64
	if negative {
		limit++
	}
	n := 0
	for n < len(digits) && isDigit(digits[n]) {
		if v > limit/10 {
			return 0, errRange
		}
		v = v*10 + uint64(digits[n]-'0')
		n++
	}
	if n == 0 {
		return 0, errNumber
	}
	if v > limit/uint64(unit) {
		return 0, errRange
	}
	ns := v * uint64(unit)
	if n < len(digits) {
		nanos, m := pointFraction(digits[n:])
		if m == 0 || n+m < len(digits) {
			return 0, errNumber
		}
		ns += uint64(nanos) * uint64(unit) / 1e9
	}
	if ns > limit {
		return 0, errRange
	}
	if negative {
		return -int64(ns), nil
	}
	return int64(ns), nil
}
