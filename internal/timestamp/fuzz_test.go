package timestamp

import (
	"strings"
	"testing"
	"time"
)

// layouts are formats and what package time calls them.
var layouts = []struct{ format, layout string }{
	{RFC3339, time.RFC3339},
	{"%Y-%m-%d %H:%M:%S", time.DateTime},
	{"%Y-%m-%dT%H:%M:%S", "2006-01-02T15:04:05"},
	{"%Y-%m-%d %H:%M", "2006-01-02 15:04"},
	{"%Y/%m/%d %H:%M:%S", "2006/01/02 15:04:05"},
	{"%Y-%m-%d", time.DateOnly},
	{"%d/%m/%Y %H:%M:%S", "02/01/2006 15:04:05"},
	{"%Y-%m-%d %H:%M:%S %z", "2006-01-02 15:04:05 Z07:00"},
	{"%d-%b-%Y %H:%M:%S", "02-Jan-2006 15:04:05"},
	{"%b %d, %Y", "Jan 2, 2006"},
	{"%m/%d/%Y %I:%M:%S %p", "01/02/2006 03:04:05 PM"},
}

// Where time.Parse reads a text too, the time is the same. Each reads some
// that the other doesn't: blanks before an hour here, the zones +0100 and +01
// there. But what time.Format writes is always read, and what has the very
// shape of the layout is read by both or by none.
func FuzzParse(f *testing.F) {
	for i, l := range layouts {
		for _, t := range []time.Time{
			time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(2021, 1, 1, 3, 4, 5, 6000, time.FixedZone("", -9000)),
			time.Date(2024, 2, 29, 23, 59, 59, 999999999, time.UTC),
		} {
			f.Add(uint8(i), t.Format(l.layout), t.Add(time.Hour).Format(l.layout))
		}
	}
	f.Add(uint8(0), "2021-01-01T00:00:00.5+01:30", "2021-01-01T00:00:00,5-23:59")
	f.Fuzz(func(t *testing.T, which uint8, first, second string) {
		l := layouts[int(which)%len(layouts)]
		p := parser(t, l.format, nil)
		for _, text := range []string{first, second, first} {
			got, err := p.Parse(text)
			want, wantErr := time.Parse(l.layout, text)
			switch {
			case err == nil && wantErr == nil && got != want.UnixNano():
				t.Errorf("%s: %q is %d; time.Parse: %v", l.format, text, got, want)
			case err == nil && wantErr != nil && mask(text) == mask(l.layout):
				t.Errorf("%s: %q is %d; time.Parse: %v", l.format, text, got, wantErr)
			case err != nil && wantErr == nil && inRange(want) && want.Format(l.layout) == text:
				t.Errorf("%s: %q: %v; time.Parse: %v", l.format, text, err, want)
			}
		}
	})
}

func inRange(t time.Time) bool { return t.Unix() >= minSeconds && t.Unix() <= maxSeconds }

// mask makes all digits alike.
func mask(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, s)
}

// Whatever Detect finds can be parsed, and by as many cells as it says.
func FuzzDetect(f *testing.F) {
	f.Add("2021-01-01", "2021-01-02 00:00:00Z", "1609459200")
	f.Add("19-Sep-03", "May 1, 2000 10:00", "sept 1 2000")
	f.Add("20210101T000000Z", "20210101T000000.5", "20210101T000000+01")
	f.Add("03/21/2021 1:00 PM", "3/1/2021 12:00am", "Jan 1 2000 1:02:03.5 pm")
	f.Add("03/04/2021", "13/04/2021", "04.03.2021 1:00")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		cells := []string{a, b, c}
		format, fits, err := Detect(cells)
		if err != nil || fits == 0 {
			return
		}
		p, n := parser(t, format, nil), 0
		for _, cell := range cells {
			if _, err := p.Parse(cell); err == nil {
				n++
			}
		}
		if n < fits {
			t.Errorf("%q: %s fits %d cells, not %d", cells, format, n, fits)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	at := time.Date(2021, 1, 1, 13, 14, 15, 123456000, time.UTC)
	berlin, _ := time.LoadLocation("Europe/Berlin")
	for _, tc := range []struct {
		name, format string
		loc          *time.Location
		text         string
	}{
		{"date-time", "%Y-%m-%d %H:%M:%S", nil, at.Format(time.DateTime)},
		{"date-time-Berlin", "%Y-%m-%d %H:%M:%S", berlin, at.Format(time.DateTime)},
		{"rfc3339", RFC3339, nil, at.Format(time.RFC3339)},
		{"rfc3339-micro", RFC3339, nil, at.Format(time.RFC3339Nano)},
		{"rfc3339-offset", RFC3339, nil, at.In(berlin).Format(time.RFC3339)},
		{"minutes", "%Y-%m-%d %H:%M", nil, at.Format("2006-01-02 15:04")},
		{"day-first", "%d/%m/%Y %H:%M:%S", nil, at.Format("02/01/2006 15:04:05")},
		{"date", "%Y-%m-%d", nil, at.Format(time.DateOnly)},
		{"unix_ms", UnixMilli, nil, "1609459200123"},
		{"unix", Unix, nil, "1609459200.123"},
		{"unusual", "%Y%m%d%H%M%S", nil, at.Format("20060102150405")},
	} {
		b.Run(tc.name, func(b *testing.B) {
			p := parser(b, tc.format, tc.loc)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(tc.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("new-date-each", func(b *testing.B) {
		p := parser(b, "%Y-%m-%d %H:%M:%S", nil)
		texts := []string{at.Format(time.DateTime), at.AddDate(0, 0, 1).Format(time.DateTime)}
		i := 0
		for b.Loop() {
			i++
			if _, err := p.Parse(texts[i&1]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("time.Parse", func(b *testing.B) {
		text := at.Format(time.DateTime)
		for b.Loop() {
			if _, err := time.Parse(time.DateTime, text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
