package filter

import (
	"cmp"
	"math"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// holds reports whether the comparison holds for v, and whether v can be
// compared with the constant at all.
func (c *condition) holds(v pipeline.Value) (holds, ok bool) {
	if v.IsNull() || c.literal.IsNull() {
		same := v.IsNull() && c.literal.IsNull()
		return c.op == "==" && same || c.op == "!=" && !same, true
	}
	order, ok := c.compare(v)
	switch c.op {
	case "==":
		return order == equal, ok
	case "!=":
		return order != equal, ok
	case "<":
		return order == less, ok
	case "<=":
		return order == less || order == equal, ok
	case ">":
		return order == greater, ok
	}
	return order == greater || order == equal, ok
}

// How two values compare. NaN is unordered, even with itself.
const (
	less      = -1
	equal     = 0
	greater   = 1
	unordered = 2
)

// compare compares v with the constant, neither of them null.
func (c *condition) compare(v pipeline.Value) (order int, ok bool) {
	switch k := v.Kind(); {
	case k == pipeline.KindString && c.literal.Kind() == pipeline.KindString:
		return strings.Compare(v.Str(), c.literal.Str()), true
	case k == pipeline.KindTime && !c.instant.IsNull():
		return v.Time().Compare(c.instant.Time()), true
	case k == pipeline.KindBool && c.literal.Kind() == pipeline.KindBool:
		if v.Bool() == c.literal.Bool() {
			return equal, true
		}
		return unordered, true
	}
	return compareNumbers(v, c.literal)
}

// compareNumbers compares ints and floats by their exact values.
func compareNumbers(a, b pipeline.Value) (order int, ok bool) {
	switch ka, kb := a.Kind(), b.Kind(); {
	case ka == pipeline.KindInt && kb == pipeline.KindInt:
		return cmp.Compare(a.Int(), b.Int()), true
	case ka == pipeline.KindFloat && kb == pipeline.KindFloat:
		return compareFloats(a.Float(), b.Float()), true
	case ka == pipeline.KindInt && kb == pipeline.KindFloat:
		return compareIntFloat(a.Int(), b.Float()), true
	case ka == pipeline.KindFloat && kb == pipeline.KindInt:
		order := compareIntFloat(b.Int(), a.Float())
		if order != unordered {
			order = -order
		}
		return order, true
	}
	return unordered, false
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return less
	case a > b:
		return greater
	case a == b:
		return equal
	}
	return unordered
}

// compareIntFloat does not convert i, which may have more bits than a float
// holds, but f, whose whole part is exact.
func compareIntFloat(i int64, f float64) int {
	switch {
	case math.IsNaN(f):
		return unordered
	case f >= 1<<63:
		return less
	case f < -1<<63:
		return greater
	}
	whole, fraction := math.Modf(f)
	if order := cmp.Compare(i, int64(whole)); order != equal {
		return order
	}
	return compareFloats(0, fraction)
}
