package average

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// exactMean is the mean of exact sums, and how far a sum of floats may be off.
func exactMean(values []float64) (mean, tolerance float64) {
	sum := new(big.Float).SetPrec(2200)
	magnitude := 0.0
	for _, v := range values {
		sum.Add(sum, big.NewFloat(v))
		magnitude += math.Abs(v)
	}
	n := float64(len(values))
	mean, _ = sum.Quo(sum, big.NewFloat(n)).Float64()
	return mean, magnitude * 0x1p-52
}

// The window is the one that is computed anew, naively, for every number.
func TestWindowIsTheNaiveOne(t *testing.T) {
	type numbered struct {
		at    int64
		value float64
	}
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(1, 50).Draw(t, "length")
		most := rapid.IntRange(1, 20).Draw(t, "most")
		var w window
		var naive []numbered
		var latest int64
		now := rapid.Int64Range(-100, 100).Draw(t, "start")
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now += rapid.Int64Range(-20, 20).Draw(t, "by")
			value := rapid.Float64Range(-1e12, 1e12).Draw(t, "value")

			if len(naive) == 0 || latest-now >= length {
				naive, latest = nil, now
			}
			latest = max(latest, now)
			naive = append(naive, numbered{latest, value})
			var values []float64
			kept := naive[:0]
			for i, e := range naive {
				if latest-e.at < length && len(naive)-i <= most {
					kept, values = append(kept, e), append(values, e.value)
				}
			}
			naive = kept

			w.advance(now, length)
			w.add(value)
			if w.count() > most {
				w.drop()
			}
			want, tolerance := exactMean(values)
			if w.count() != len(values) || math.Abs(w.mean()-want) > tolerance {
				t.Fatalf("mean %v of %d, want %v of %d", w.mean(), w.count(), want, len(values))
			}
		}
	})
}

// A running sum would have lost the small numbers to the huge ones.
func TestNothingDrifts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const size = 100
	var w window
	var last []float64
	for i := range 1_000_000 {
		v := random.NormFloat64()
		if i%1000 == 0 {
			v *= 1e18
		}
		w.add(v)
		last = append(last, v)
		if w.count() > size {
			w.drop()
		}
	}
	want, tolerance := exactMean(last[len(last)-size:])
	if tolerance > 1e-13 || math.Abs(w.mean()-want) > tolerance {
		t.Errorf("after a million numbers the mean is %v, want %v ± %v", w.mean(), want, tolerance)
	}
}

// Memory is bounded by the window, however long the run.
func TestMemoryIsBounded(t *testing.T) {
	var w window
	for i := range int64(1_000_000) {
		w.advance(i, 100)
		w.add(1)
	}
	if w.count() != 100 || cap(w.older) > 200 || cap(w.newer) > 200 {
		t.Errorf("the window holds %d and has room for %d and %d", w.count(), cap(w.older), cap(w.newer))
	}
}
