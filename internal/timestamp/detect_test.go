package timestamp

import (
	"errors"
	"testing"
)

func TestDetect(t *testing.T) {
	for _, tc := range []struct {
		name  string
		cells []string
		want  string
		fits  int
	}{
		{"nothing", nil, "", 0},
		{"words", []string{"a", "", "b-c-d"}, "", 0},
		{"rfc 3339", []string{"2021-01-01T00:00:00Z", "2021-01-01T00:00:00.5+01:00"}, RFC3339, 2},
		{"rfc 3339 without zone", []string{"2021-01-01T00:00:00", "2021-01-01T00:00:00.5"}, "%Y-%m-%dT%H:%M:%S", 2},
		{"a blank between", []string{"2021-01-01 00:00:00"}, "%Y-%m-%d %H:%M:%S", 1},
		{"a blank and a zone", []string{"2021-01-01 00:00:00+00"}, "%Y-%m-%d %H:%M:%S%z", 1},
		{"two blanks", []string{"2021-01-01 00:00:00 +0000"}, "%Y-%m-%d %H:%M:%S %z", 1},
		{"no seconds", []string{"2021-01-01 00:00"}, "%Y-%m-%d %H:%M", 1},
		{"slashes", []string{"2021/01/31 00:00:00.25"}, "%Y/%m/%d %H:%M:%S", 1},
		{"date alone", []string{"2021-01-01", "2021-12-31"}, "%Y-%m-%d", 2},
		{"no such day", []string{"2021-02-30"}, "", 0},
		{"mixed", []string{"2021-01-01", "2021-01-02", "2021-01-01 00:00", "x"}, "%Y-%m-%d", 2},
		{"seconds", []string{"1609459200", "1609459200.5"}, Unix, 2},
		{"milliseconds", []string{"1609459200000"}, UnixMilli, 1},
		{"microseconds", []string{"1609459200000000"}, UnixMicro, 1},
		{"nanoseconds", []string{"1609459200000000000"}, UnixNano, 1},
		{"the first and the last second", []string{"631152000", "4102444799"}, Unix, 2},
		{"numbers that are no times", []string{"0", "51", "631151999", "4102444800", "-1609459200", "20210101"}, "", 0},
		{"milliseconds with a fraction", []string{"1609459200000.25"}, UnixMilli, 1},
		{"seconds with a comma", []string{"1609459200,5"}, Unix, 1},
		{"month names", []string{"19-Sep-03", "1-OCT-03"}, "%d-%b-%y", 2},
		{"month names, four digits", []string{"19 September 2003 10:00"}, "%d %b %Y %H:%M", 1},
		{"month first, named", []string{"Jan 1 2000", "Feb 29 2000"}, "%b %d %Y", 2},
		{"month first, named, comma", []string{"January 1, 2000 00:00:01.5"}, "%b %d, %Y %H:%M:%S", 1},
		{"names alone", []string{"Jan", "May 5", "Jan 1 200", "19-Sep", "19-Sep-2", "100-Sep-2003", "March 100 2000", "May, 1 2000"}, "", 0},
		{"years", []string{"2021", "2022"}, "", 0},
		{"day first", []string{"03/04/2021", "13/04/2021"}, "%d/%m/%Y", 2},
		{"month first", []string{"04/13/2021 10:00", "04/03/2021 10:00"}, "%m/%d/%Y %H:%M", 2},
		{"day first, points", []string{"31.12.2021 23:59:59"}, "%d.%m.%Y %H:%M:%S", 1},
		{"a clock of 12 hours", []string{"03/21/2021 01:02:03 PM", "03/21/2021 12:00:00 am"}, "%m/%d/%Y %I:%M:%S %p", 2},
		{"a clock of 12 hours, short", []string{"Jan 1, 2000 1:02PM"}, "%b %d, %Y %I:%M%p", 1},
		{"a clock of 12 hours with others", []string{"2021-03-21 13:00 PM", "2021-03-21 0:00 AM"}, "", 0},
		{"iso 8601, basic", []string{"20210101T000000Z", "20210101T235959.5+0100"}, "%Y%m%dT%H%M%S%z", 2},
		{"iso 8601, basic, without zone", []string{"20210101T000000", "20211301T000000"}, "%Y%m%dT%H%M%S", 1},
		{"nearly iso 8601, basic", []string{"20210101T0000Z", "20210101 000000", "20210101T000000x", "20210101T", "20210101-1-1"}, "", 0},
		{"neither", []string{"13/13/2021", "13/12/2021"}, "%d/%m/%Y", 1},
		{"versions", []string{"1.2.3", "10.20.30"}, "", 0},
		{"telephones", []string{"030-123-4567"}, "", 0},
		{"separators differ", []string{"2021-01/01"}, "", 0},
	} {
		got, fits, err := Detect(tc.cells)
		if got != tc.want || fits != tc.fits || err != nil {
			t.Errorf("%s: Detect gives %q, %d, %v; want %q, %d", tc.name, got, fits, err, tc.want, tc.fits)
		}
	}
}

func TestDetectAsks(t *testing.T) {
	for _, tc := range []struct {
		name  string
		cells []string
		fits  int
		says  string
	}{
		{"both", []string{"03/04/2021", "x", "01/02/2021"}, 2,
			`is "01/02/2021" day first or month first? say format: "%d/%m/%Y" or format: "%m/%d/%Y"`},
		{"each its own", []string{"13/04/2021 10:00:00", "04/13/2021 10:00:00", "04/04/2021 10:00:00"}, 3,
			`"13/04/2021 10:00:00" has the day first and "04/13/2021 10:00:00" the month: which is right? say format: "%d/%m/%Y %H:%M:%S" or format: "%m/%d/%Y %H:%M:%S"`},
	} {
		format, fits, err := Detect(tc.cells)
		var ambiguous *AmbiguousError
		if format != "" || fits != tc.fits || !errors.As(err, &ambiguous) || err.Error() != tc.says {
			t.Errorf("%s: Detect gives %q, %d, %v; want %d and the question %s", tc.name, format, fits, err, tc.fits, tc.says)
		}
	}
}
