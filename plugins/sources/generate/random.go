package generate

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// newRandom returns the random numbers of a field.
func newRandom(seed int64, field string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(field))
	return rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
}

// What follows is there because the last bits of math.Sin, math.Log and
// rand.NormFloat64 differ between processors. Here they don't: a conversion to
// float64 keeps the compiler from rounding a product and a sum only once
// (Go specification, Floating-point operators), and math.Sqrt and math.Frexp
// are exact.

// sine returns sin(2π·turns), for turns of 0 to 1, to better than 1e-15.
func sine(turns float64) float64 {
	switch { // to a quarter of a turn on either side of 0
	case turns > 0.75:
		turns--
	case turns > 0.25:
		turns = 0.5 - turns
	}
	x := 2 * math.Pi * turns
	square := float64(x * x)
	sum := 1.0
	for _, t := range taylor {
		sum = 1 - float64(float64(square*t)*sum)
	}
	return float64(x * sum)
}

// taylor are 1/(k·(k−1)), the ratios of the sine's terms, the last first.
var taylor = [...]float64{1.0 / (21 * 20), 1.0 / (19 * 18), 1.0 / (17 * 16), 1.0 / (15 * 14), 1.0 / (13 * 12),
	1.0 / (11 * 10), 1.0 / (9 * 8), 1.0 / (7 * 6), 1.0 / (5 * 4), 1.0 / (3 * 2)}

// normal draws standard normal numbers, two at a time (Marsaglia's polar
// method).
type normal struct {
	random *rand.Rand
	spare  float64
	has    bool
}

func (n *normal) draw() float64 {
	if n.has {
		n.has = false
		return n.spare
	}
	for {
		x, y := symmetric(n.random), symmetric(n.random)
		s := float64(x*x) + float64(y*y)
		if s == 0 || s >= 1 {
			continue
		}
		factor := math.Sqrt(-2 * ln(s) / s)
		n.spare, n.has = float64(y*factor), true
		return float64(x * factor)
	}
}

// symmetric draws a number from -1 to 1, all of them as likely.
func symmetric(r *rand.Rand) float64 { return float64(int64(r.Uint64())>>10) / (1 << 53) }

// ln returns the natural logarithm of x > 0, to better than 1e-15.
func ln(x float64) float64 {
	m, exponent := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, exponent = m*2, exponent-1
	}
	t := (m - 1) / (m + 1)
	square := float64(t * t)
	sum := 0.0
	for _, term := range artanh {
		sum = float64(sum*square) + term
	}
	return float64(2*t*sum) + float64(float64(exponent)*math.Ln2)
}

// artanh are the terms of 1 + z²/3 + z⁴/5 + …, the last first.
var artanh = [...]float64{1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1}
