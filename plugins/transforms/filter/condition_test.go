package filter

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pipeline-daemon/pipeline"
)

func TestLiterals(t *testing.T) {
	for _, c := range []struct {
		text string
		want pipeline.Value
	}{
		{"5", pipeline.Int(5)},
		{"-5", pipeline.Int(-5)},
		{"+5", pipeline.Int(5)},
		{"0", pipeline.Int(0)},
		{"-9223372036854775808", pipeline.Int(math.MinInt64)},
		{"5.", pipeline.Float(5)},
		{".5", pipeline.Float(0.5)},
		{"-0.5", pipeline.Float(-0.5)},
		{"1e3", pipeline.Float(1000)},
		{"9223372036854775808.0", pipeline.Float(1 << 63)},
		{"007", pipeline.String("007")},
		{"00.5", pipeline.String("00.5")},
		{"2021-01-01", pipeline.String("2021-01-01")},
		{"1.2.3", pipeline.String("1.2.3")},
		{"--5", pipeline.String("--5")},
		{"-", pipeline.String("-")},
		{".", pipeline.String(".")},
		{"e3", pipeline.String("e3")},
		{"0x10", pipeline.String("0x10")},
		{"1_000", pipeline.String("1_000")},
		{"inf", pipeline.String("inf")},
		{"nan", pipeline.String("nan")},
		{"True", pipeline.String("True")},
		{"true", pipeline.Bool(true)},
		{"null", pipeline.Null()},
		{`"null"`, pipeline.String("null")},
		{"'5'", pipeline.String("5")},
	} {
		got, err := parseLiteral(c.text)
		if err != nil || !got.Equal(c.want) {
			t.Errorf("%s is read as %v %v, %v, want %v %v", c.text, got.Kind(), got, err, c.want.Kind(), c.want)
		}
	}
}

// Ints and floats compare as the exact numbers that they are.
func TestCompareIntFloat(t *testing.T) {
	edges := []float64{0, math.Copysign(0, -1), 0.5, -0.5, 1 << 53, 1<<53 + 2, -1 << 53, 1 << 62, 1 << 63, -1 << 63, math.Nextafter(1<<63, 0),
		math.Nextafter(-1<<63, math.Inf(-1)), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1)}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.Int64().Draw(t, "i")
		f := rapid.OneOf(rapid.Float64(), rapid.SampledFrom(edges), rapid.Map(rapid.Int64Range(-2, 2), func(d int64) float64 {
			return float64(i + d)
		})).Draw(t, "f")
		if want := new(big.Float).SetInt64(i).Cmp(big.NewFloat(f)); compareIntFloat(i, f) != want {
			t.Fatalf("%d and %v compare as %d, want %d", i, f, compareIntFloat(i, f), want)
		}
	})
	if got := compareIntFloat(0, math.NaN()); got != unordered {
		t.Errorf("0 and NaN compare as %d", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"value > 10", `"room temp" <= -1.5e3`, "s == 'it''s'", "a != null", "x >= 2021-01-01", "v === 1", "v > 9223372036854775808"} {
		f.Add(s)
	}
	values := []pipeline.Value{pipeline.Null(), pipeline.Bool(true), pipeline.Int(1), pipeline.Float(math.NaN()), pipeline.String("a"),
		pipeline.Time(time.Unix(0, 0)), pipeline.List(nil), pipeline.Struct(nil)}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parse(s)
		if err != nil {
			return
		}
		if c.field == "" && !isQuote(c.text[0]) || c.op == "" {
			t.Fatalf("%q is read as %+v", s, c)
		}
		for _, v := range values {
			c.holds(v)
		}
	})
}
