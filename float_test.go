package pipeline

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestAppendFloat(t *testing.T) {
	for f, want := range map[float64]string{51: "51.0", 0: "0.0", -1.5: "-1.5", 1e-7: "1e-07", 1e20: "100000000000000000000.0", 1e21: "1e+21",
		math.Copysign(0, -1): "-0.0", 0.1: "0.1", 0.30000000000000004: "0.30000000000000004", 1e-6: "0.000001",
		math.Inf(1): "+Inf", math.NaN(): "NaN"} {
		if got := string(AppendFloat(nil, f)); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

// Short decimals take a way of their own: it writes what strconv writes.
func TestShortDecimals(t *testing.T) {
	for range 200_000 {
		f := float64(rand.Int64N(2e15)-1e15) / math.Pow10(rand.IntN(9))
		got := string(AppendFloat(nil, f))
		want := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(want, ".") {
			want += ".0"
		}
		if a := math.Abs(f); got != want && (a == 0 || a >= 1e-6) {
			t.Fatalf("%b: %s, want %s", f, got, want)
		}
	}
}

func BenchmarkAppendFloat(b *testing.B) {
	for _, f := range []float64{51, 21.37, 1013.123456, 1.0 / 3} {
		b.Run(strconv.FormatFloat(f, 'g', -1, 64), func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = AppendFloat(dst[:0], f)
			}
		})
	}
}
