package timestamp

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	at := time.Date(2021, 3, 4, 5, 6, 7, 89_000_001, time.UTC).UnixNano()
	before := time.Date(1969, 12, 31, 23, 59, 59, 500_000_000, time.UTC).UnixNano()
	for _, tc := range []struct {
		format string
		digits int
		ns     int64
		want   string
	}{
		{"%Y-%m-%d %H:%M:%S", 0, at, "2021-03-04 05:06:07"},
		{"%Y-%m-%d %H:%M:%S", 3, at, "2021-03-04 05:06:07.089"},
		{"%Y-%m-%d %H:%M:%S", 9, at, "2021-03-04 05:06:07.089000001"},
		{"%d/%m/%y %H:%M:%S,%f", 6, at, "04/03/21 05:06:07,089000"},
		{"%d/%m/%y %H:%M:%S,%f", 0, at, "04/03/21 05:06:07,0"},
		{"%d-%b-%y", 0, at, "04-Mar-21"},
		{"%d/%m/%y %I:%M:%S %p", 1, at, "04/03/21 05:06:07.0 AM"},
		{"%d/%m/%y %I:%M%p", 0, before, "31/12/69 11:59PM"},
		{"%d/%m/%y %I %p", 0, 0, "01/01/70 12 AM"},
		{"%d/%m/%y %I %p", 0, int64(12 * time.Hour), "01/01/70 12 PM"},
		{"%B %d, %Y", 0, at, "March 04, 2021"},
		{"%Y%m%d %%", 3, at, "20210304 %"},
		{RFC3339, 0, at, "2021-03-04T05:06:07Z"},
		{RFC3339, 1, before, "1969-12-31T23:59:59.5Z"},
		{RFC3339, 0, math.MinInt64, "1677-09-21T00:12:43Z"},
		{RFC3339, 0, math.MaxInt64, "2262-04-11T23:47:16Z"},
	} {
		w, err := NewWriter(tc.format, nil, tc.digits)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(w.Append([]byte("x"), tc.ns)); got != "x"+tc.want {
			t.Errorf("%s, %d digits: %s, want x%s", tc.format, tc.digits, got, tc.want)
		}
	}
	if _, err := NewWriter("%Y", nil, 0); err == nil {
		t.Error("a bad format is taken")
	}
}

// What is written is read back, whatever was written before.
func TestWriteIsRead(t *testing.T) {
	for _, format := range []string{RFC3339, "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y%m%d%H%M%S%z", "%d-%b-%Y %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S %p"} {
		for _, loc := range []*time.Location{nil, time.FixedZone("", 5*3600+1800)} {
			w, err := NewWriter(format, loc, 9)
			if err != nil {
				t.Fatal(err)
			}
			p, err := New(format, loc)
			if err != nil {
				t.Fatal(err)
			}
			for range 10_000 {
				ns := int64(rand.Uint64()) / 2
				text := string(w.Append(nil, ns))
				if got, err := p.Parse(text); err != nil || got != ns {
					t.Fatalf("%s, %v: %d is written %s and read as %d, %v", format, loc, ns, text, got, err)
				}
			}
		}
	}
}

func TestUnit(t *testing.T) {
	for format, want := range map[string]time.Duration{Unix: time.Second, UnixMilli: time.Millisecond, UnixNano: 1, RFC3339: 0, "%Y": 0} {
		if got := Unit(format); got != want {
			t.Errorf("%s: %v, want %v", format, got, want)
		}
	}
}
