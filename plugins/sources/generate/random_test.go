package generate

import (
	"math"
	"testing"
)

func TestSine(t *testing.T) {
	for i := range 10_001 {
		turns := float64(i) / 10_000
		if got, want := sine(turns), math.Sin(2*math.Pi*turns); math.Abs(got-want) > 1e-15 {
			t.Fatalf("sine(%v) is %v, want %v", turns, got, want)
		}
	}
}

func TestLn(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.7 {
		if got, want := ln(x), math.Log(x); math.Abs(got-want) > 1e-15*math.Max(1, math.Abs(want)) {
			t.Fatalf("ln(%v) is %v, want %v", x, got, want)
		}
	}
	if ln(1) != 0 {
		t.Error(ln(1))
	}
}

// A million numbers have the mean, the deviation and the tails of a normal
// distribution.
func TestNormal(t *testing.T) {
	const count = 1_000_000
	n := normal{random: newRandom(1, "x")}
	var sum, squares, beyond2, beyond4 float64
	for range count {
		z := n.draw()
		sum += z
		squares += z * z
		if math.Abs(z) > 2 {
			beyond2++
		}
		if math.Abs(z) > 4 {
			beyond4++
		}
	}
	mean, deviation := sum/count, math.Sqrt(squares/count)
	if math.Abs(mean) > 0.005 || math.Abs(deviation-1) > 0.005 {
		t.Errorf("mean %v, standard deviation %v", mean, deviation)
	}
	if b := beyond2 / count; math.Abs(b-0.0455) > 0.001 {
		t.Errorf("%v are beyond 2 standard deviations, want 0.0455", b)
	}
	if beyond4 < 35 || beyond4 > 100 {
		t.Errorf("%v of a million are beyond 4 standard deviations, want about 63", beyond4)
	}
}
