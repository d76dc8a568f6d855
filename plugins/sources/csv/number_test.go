package csv

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	for cell, want := range map[string]kind{
		"0": integer, "-0": integer, "51": integer, "-51": integer,
		"9223372036854775807": integer, "-9223372036854775808": integer,
		"9223372036854775808": str, "-9223372036854775809": str, "100000000000000000000": str,
		"1.5": float, "-1.5": float, "0.5": float, ".5": float, "5.": float, "-.5": float, "1e5": float, "1E-5": float, "1.5e+300": float,
		"0.1000000000000000055511151231257827": float, "1e-999": float,
		"1e999": str, "1e99999999999999999999": str, "007": str, "-007": str, "00": str, "007.5": str, "+5": str, "+1.5": str,
		".": str, "-": str, "-.": str, "e5": str, "1e": str, "1e+": str, "1.5.5": str, "1-5": str, " 1": str, "1 ": str, "1,5": str,
		"NaN": str, "Inf": str, "inf": str, "0x10": str, "1_000": str, "1f": str, "": str,
		"true": boolean, "False": boolean, "TRUE": boolean, "tRUE": str, "yes": str, "t": str,
	} {
		if got := kindOf(cell, '.'); got != want {
			t.Errorf("%q is %v, want %v", cell, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, tc := range []struct{ a, b, want kind }{
		{unknown, unknown, unknown}, {unknown, integer, integer}, {float, unknown, float}, {integer, float, float},
		{integer, boolean, str}, {float, boolean, str}, {str, integer, str}, {boolean, boolean, boolean},
	} {
		if got := join(tc.a, tc.b); got != tc.want {
			t.Errorf("%v and %v join to %v, want %v", tc.a, tc.b, got, tc.want)
		}
		if got := join(tc.b, tc.a); got != tc.want {
			t.Errorf("%v and %v join to %v, want %v", tc.b, tc.a, got, tc.want)
		}
	}
}

// What is read as a number is what package strconv reads, to the last bit, and
// whatever JSON takes for a number is read.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-0", "51", "20.5", "1e22", "1e23", "9007199254740993", "0.1", "123456789012345678", "1234567890123456789.5",
		"-9223372036854775808", "4.9e-324", "1.7976931348623157e308", "179769313486231580000", "8.41e21", "2.2250738585072011e-308"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		wantInt, errInt := strconv.ParseInt(s, 10, 64)
		if got, ok := parseInt(s); ok && (errInt != nil || got != wantInt) {
			t.Errorf("parseInt(%q) = %d; strconv: %d, %v", s, got, wantInt, errInt)
		}
		want, err := strconv.ParseFloat(s, 64)
		got, ok := parseFloat(s, '.')
		if ok && (err != nil || math.Float64bits(got) != math.Float64bits(want)) {
			t.Errorf("parseFloat(%q) = %v; strconv: %v, %v", s, got, want, err)
		}
		if !ok && err == nil && json.Valid([]byte(s)) && strings.TrimSpace(s) == s {
			t.Errorf("parseFloat(%q) fails; strconv: %v", s, want)
		}
	})
}

func BenchmarkNumber(b *testing.B) {
	for _, s := range []string{"51", "1234567890"} {
		b.Run("int/"+s, func(b *testing.B) {
			for b.Loop() {
				parseInt(s)
			}
		})
	}
	for _, s := range []string{"51", "20.57", "69.88083514", "-123.4567890123456789"} {
		b.Run("float/"+s, func(b *testing.B) {
			for b.Loop() {
				parseFloat(s, '.')
			}
		})
		b.Run("strconv/"+s, func(b *testing.B) {
			for b.Loop() {
				strconv.ParseFloat(s, 64)
			}
		})
	}
}
