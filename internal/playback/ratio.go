package playback

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// ratio is a speed as a fraction: exactly the number that the user wrote, not
// the nearest one in binary. Products have 128 bits, so that nothing is lost
// over centuries.
type ratio struct{ num, den uint64 }

// newRatio returns a speed above 0. Beyond 1.8e19 and below 1e-19 it is one
// that differs only in centuries, or nanoseconds.
func newRatio(speed float64) ratio {
	text := strconv.FormatFloat(speed, 'e', -1, 64) // d.ddde±dd, as short as can be
	mantissa, exponent, _ := strings.Cut(text, "e")
	whole, decimals, _ := strings.Cut(mantissa, ".")
	num, _ := strconv.ParseUint(whole+decimals, 10, 64) // 17 digits at most
	power, _ := strconv.Atoi(exponent)
	power -= len(decimals)
	r := ratio{num, 1}
	for ; power > 0; power-- {
		if r.num > math.MaxUint64/10 {
			return ratio{math.MaxUint64, 1}
		}
		r.num *= 10
	}
	for ; power < 0; power++ {
		if r.den > math.MaxUint64/10 {
			r.num = max(r.num/10, 1)
			continue
		}
		r.den *= 10
	}
	return r
}

// wall returns how long it takes to play what lasts so long.
func (r ratio) wall(played uint64) uint64 { return mulDiv(played, r.den, r.num) }

// played returns how much is played in a time.
func (r ratio) played(wall uint64) uint64 { return mulDiv(wall, r.num, r.den) }

// mulDiv returns a·b/c, rounded down, or the greatest number if it is beyond.
func mulDiv(a, b, c uint64) uint64 {
	if b == c {
		return a
	}
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, c)
	return q
}

// add returns a+b, or the last instant if it is beyond.
func add(a int64, b uint64) int64 {
	if b > uint64(math.MaxInt64)-uint64(a) {
		return math.MaxInt64
	}
	return int64(uint64(a) + b)
}

// sub returns a−b, or the first instant if it is beyond.
func sub(a int64, b uint64) int64 {
	if b > uint64(a)-(1<<63) {
		return math.MinInt64
	}
	return int64(uint64(a) - b)
}
