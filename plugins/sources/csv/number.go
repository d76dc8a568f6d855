package csv

import (
	"strconv"
	"strings"
)

// safeDigits is how many decimal digits always fit into an int64, and into a
// uint64 with one more.
const safeDigits = 18

// parseInt reads an integer of 64 bits: digits, perhaps a minus, no leading
// zero.
func parseInt(s string) (v int64, ok bool) {
	digits := s
	if s != "" && s[0] == '-' {
		digits = s[1:]
	}
	if digits == "" || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	if len(digits) > safeDigits {
		if c := digits[0]; c < '0' || c > '9' {
			return 0, false
		}
		v, err := strconv.ParseInt(s, 10, 64)
		return v, err == nil
	}
	for i := range len(digits) {
		c := digits[i] - '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	if len(digits) < len(s) {
		v = -v
	}
	return v, true
}

// parseFloat reads a decimal number, with or without a fraction and an
// exponent, no leading zero. point is what stands before the fraction: a point
// or a comma. It is correctly rounded; a number too large for a float is none.
func parseFloat(s string, point byte) (v float64, ok bool) {
	d, ok := parseDecimal(s, point)
	if !ok {
		return 0, false
	}
	// Both numbers are exact as floats, so there is one rounding (Clinger 1990).
	if d.digits <= safeDigits && d.mantissa < 1<<53 && d.exponent >= -22 && d.exponent <= 22 {
		v = float64(d.mantissa)
		if d.exponent < 0 {
			v /= powers[-d.exponent]
		} else {
			v *= powers[d.exponent]
		}
		if d.negative {
			v = -v
		}
		return v, true
	}
	if point != '.' {
		s = strings.Replace(s, string(point), ".", 1)
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// decimal is mantissa · 10^exponent. The mantissa is right if it has at most
// safeDigits.
type decimal struct {
	mantissa uint64
	digits   int
	exponent int
	negative bool
}

func parseDecimal(s string, point byte) (d decimal, ok bool) {
	i := 0
	if s != "" && s[0] == '-' {
		d.negative = true
		i = 1
	}
	start := i
	i = d.readDigits(s, i)
	whole := i - start
	if whole > 1 && s[start] == '0' {
		return d, false
	}
	if i < len(s) && s[i] == point {
		first := i + 1
		i = d.readDigits(s, first)
		d.exponent = first - i
		whole += i - first
	}
	if whole == 0 {
		return d, false
	}
	d.digits = whole
	if i == len(s) {
		return d, true
	}
	return d, d.readExponent(s[i:])
}

func (d *decimal) readDigits(s string, i int) int {
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		d.mantissa = d.mantissa*10 + uint64(s[i]-'0')
	}
	return i
}

// readExponent reads e, perhaps a sign, and digits.
func (d *decimal) readExponent(s string) bool {
	if s[0]|' ' != 'e' {
		return false
	}
	digits := s[1:]
	negative := false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	e := decimal{}
	if n := e.readDigits(digits, 0); n == 0 || n < len(digits) {
		return false
	}
	exponent := int(min(e.mantissa, 1<<20)) // far beyond what a float can hold
	if len(digits) > safeDigits {
		exponent = 1 << 20
	}
	if negative {
		exponent = -exponent
	}
	d.exponent += exponent
	return true
}
