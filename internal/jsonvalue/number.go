package jsonvalue

import (
	"math"
	"strconv"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// maxDigits is how many digits always fit into a uint64.
const maxDigits = 19

// tens are the powers of ten that are exact as floats.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// number reads the number that starts at i.
func (d *Decoder) number(i int) (pipeline.Value, int, error) {
	start := i
	negative := d.data[i] == '-'
	if negative {
		i++
	}
	first := i
	digits, i := d.digits(0, i)
	switch n := i - first; {
	case n == 0:
		return pipeline.Value{}, i, d.wrong(i, "a digit")
	case n > 1 && d.data[first] == '0':
		return pipeline.Value{}, i, d.wrong(first, "a number without leading zeros")
	}
	if i < len(d.data) && (d.data[i] == '.' || d.data[i]|0x20 == 'e') {
		return d.float(start, i, digits)
	}
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	if i-first > maxDigits || digits > limit {
		return pipeline.Value{}, i, d.outOfRange(start, i, "doesn't fit into a 64-bit integer")
	}
	if negative {
		digits = -digits
	}
	return pipeline.Int(int64(digits)), i, nil
}

// digits adds the digits from i on to n, which overflows from the 20th on, and
// returns the place after them.
func (d *Decoder) digits(n uint64, i int) (uint64, int) {
	for i < len(d.data) && d.data[i]-'0' <= 9 {
		n = n*10 + uint64(d.data[i]-'0')
		i++
	}
	return n, i
}

// float reads the rest of the float that starts at start, from its point or
// exponent at i on.
func (d *Decoder) float(start, i int, digits uint64) (pipeline.Value, int, error) {
	places := 0
	if d.data[i] == '.' {
		point := i
		if digits, i = d.digits(digits, i+1); i == point+1 {
			return pipeline.Value{}, i, d.wrong(i, "a digit")
		}
		places = i - point - 1
	}
	if i < len(d.data) && d.data[i]|0x20 == 'e' {
		if i++; i < len(d.data) && (d.data[i] == '+' || d.data[i] == '-') {
			i++
		}
		exponent := i
		if _, i = d.digits(0, i); i == exponent {
			return pipeline.Value{}, i, d.wrong(i, "a digit")
		}
	} else if i-start <= maxDigits && digits < 1<<53 && places < len(tens) {
		// Both are exact, so their quotient is the nearest float.
		f := float64(digits) / tens[places]
		if d.data[start] == '-' {
			f = -f
		}
		return pipeline.Float(f), i, nil
	}
	f, err := strconv.ParseFloat(values.Shared(d.data[start:i]), 64)
	if err != nil {
		return pipeline.Value{}, i, d.outOfRange(start, i, "doesn't fit into a 64-bit float")
	}
	return pipeline.Float(f), i, nil
}

func (d *Decoder) outOfRange(start, end int, what string) error {
	number := string(d.data[start:min(end, start+40)])
	if end > start+40 {
		number += "…"
	}
	return &values.Error{Format: "JSON", At: start + 1, What: number + " " + what}
}
