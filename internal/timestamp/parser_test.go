package timestamp

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ format, text, want string }{
		{RFC3339, "2021-01-01T00:00:04Z", "2021-01-01T00:00:04Z"},
		{RFC3339, "2021-01-01T00:00:04.5Z", "2021-01-01T00:00:04.5Z"},
		{RFC3339, "2021-01-01T00:00:04.123456789Z", "2021-01-01T00:00:04.123456789Z"},
		{RFC3339, "2021-01-01T00:00:04.1234567899999Z", "2021-01-01T00:00:04.123456789Z"},
		{RFC3339, "2021-01-01T00:00:04+02:00", "2020-12-31T22:00:04Z"},
		{RFC3339, "2021-01-01T00:00:04-0230", "2021-01-01T02:30:04Z"},
		{RFC3339, "2021-01-01T00:00:04+05", "2020-12-31T19:00:04Z"},
		{"%Y-%m-%dT%H:%M:%S", "2021-01-01T00:00:04", "2021-01-01T00:00:04Z"},
		{"%Y-%m-%d %H:%M:%S", "2021-01-01 00:00:04", "2021-01-01T00:00:04Z"},
		{"%Y-%m-%d %H:%M:%S", "2021-1-1 3:04:05", "2021-01-01T03:04:05Z"},
		{"%Y-%m-%d %H:%M:%S", "2021-01-01 00:00:04,25", "2021-01-01T00:00:04.25Z"},
		{"%Y-%m-%d %H:%M:%S.%f", "2021-01-01 00:00:04.25", "2021-01-01T00:00:04.25Z"},
		{"%Y%m%d%H%M%S%f", "20210101000004250", "2021-01-01T00:00:04.25Z"},
		{"%Y-%m-%d %H:%M", "2021-01-01 00:04", "2021-01-01T00:04:00Z"},
		{"%Y-%m-%d %H:%M:%S %z", "2021-01-01 00:00:04 +0100", "2020-12-31T23:00:04Z"},
		{"%Y/%m/%d %H:%M:%S", "2021/02/03 04:05:06", "2021-02-03T04:05:06Z"},
		{"%Y-%m-%d", "2024-02-29", "2024-02-29T00:00:00Z"},
		{"%d/%m/%Y", "03/04/2021", "2021-04-03T00:00:00Z"},
		{"%m/%d/%Y", "03/04/2021", "2021-03-04T00:00:00Z"},
		{"%d.%m.%y %H:%M", "3.4.68 1:02", "2068-04-03T01:02:00Z"},
		{"%d.%m.%y", "3.4.69", "1969-04-03T00:00:00Z"},
		{"%d%%%m%%%Y", "03%04%2021", "2021-04-03T00:00:00Z"},
		{"%Y-%m-%d", "1678-01-01", "1678-01-01T00:00:00Z"},
		{"%Y-%m-%d", "2261-12-31", "2261-12-31T00:00:00Z"},
		{Unix, "1609459204", "2021-01-01T00:00:04Z"},
		{Unix, "1609459204.25", "2021-01-01T00:00:04.25Z"},
		{Unix, "0", "1970-01-01T00:00:00Z"},
		{Unix, "-1.5", "1969-12-31T23:59:58.5Z"},
		{UnixMilli, "1609459204250", "2021-01-01T00:00:04.25Z"},
		{UnixMicro, "1609459204250000", "2021-01-01T00:00:04.25Z"},
		{UnixNano, "1609459204250000001", "2021-01-01T00:00:04.250000001Z"},
		{Unix, "1609459204,123456789", "2021-01-01T00:00:04.123456789Z"},
		{UnixMilli, "1609459204250.123456", "2021-01-01T00:00:04.250123456Z"},
		{UnixMilli, "-0.000001", "1969-12-31T23:59:59.999999999Z"},
		{UnixMicro, "1609459204250000.1239", "2021-01-01T00:00:04.250000123Z"},
		{UnixNano, "1609459204250000001.9", "2021-01-01T00:00:04.250000001Z"},
		{UnixNano, "-9223372036854775808", "1677-09-21T00:12:43.145224192Z"},
		{"%b %d %Y", "Jan 1 2000", "2000-01-01T00:00:00Z"},
		{"%B %d, %Y", "sept 1, 2000", "2000-09-01T00:00:00Z"},
		{"%b %d %Y", "september 30 2000", "2000-09-30T00:00:00Z"},
		{"%d-%b-%y", "19-Sep-03", "2003-09-19T00:00:00Z"},
		{"%d-%b-%Y %H:%M", "9-MAY-1983 7:05", "1983-05-09T07:05:00Z"},
		{UnixNano, "9223372036854775807", "2262-04-11T23:47:16.854775807Z"},
	} {
		p := parser(t, tc.format, nil)
		// The second time the date is a known one.
		for range 2 {
			ns, err := p.Parse(tc.text)
			if got := time.Unix(0, ns).UTC().Format(time.RFC3339Nano); err != nil || got != tc.want {
				t.Errorf("%s: %q is %s, %v; want %s", tc.format, tc.text, got, err, tc.want)
			}
		}
	}
}

func TestParseFails(t *testing.T) {
	const plain = "%Y-%m-%d %H:%M:%S"
	for _, tc := range []struct{ format, text, says string }{
		{plain, "", "the time is empty"},
		{plain, "2021-01-01", `no ' ' at character 11`},
		{plain, "2021-01-01 00:00", `no ':' at character 17`},
		{plain, "2021-01-01 00:00:", `no second at character 18`},
		{plain, "2021-01-01 00:00:04.", "more text than the format at character 20"},
		{plain, "2021-01-01 00:00:04Z", "more text"},
		{plain, "2021-01-01 00:00:04 ", "more text"},
		{plain, " 2021-01-01 00:00:04", "no year at character 1"},
		{plain, "21-01-01 00:00:04", "no year"},
		{plain, "2021-13-01 00:00:04", "month 13 is out of range at character 6"},
		{plain, "2021-00-01 00:00:04", "month 00 is out of range"},
		{plain, "2021-02-30 00:00:04", "February 2021 has no day 30"},
		{plain, "2021-02-29 00:00:04", "February 2021 has no day 29"},
		{plain, "2021-01-32 00:00:04", "day 32 is out of range"},
		{plain, "2021-01-01 24:00:00", "hour 24 is out of range"},
		{plain, "2021-01-01 23:60:00", "minute 60 is out of range"},
		{plain, "2016-12-31 23:59:60", "second 60 is out of range"},
		{plain, "2021-01-01 0a:00:04", `no ':'`},
		{plain, "2262-12-31 00:00:00", "outside 1677-09-21 to 2262-04-11"},
		{plain, "1500-01-01 00:00:00", "outside 1677-09-21 to 2262-04-11"},
		{"%Y-%m-%d %H:%M:%S.%f", "2021-01-01 00:00:04", `no '.'`},
		{"%Y-%m-%d %H:%M:%S.%f", "2021-01-01 00:00:04.", "no fraction"},
		{RFC3339, "2021-01-01T00:00:04", "no zone"},
		{RFC3339, "2021-01-01T00:00:04+25:00", "zone hour 25"},
		{RFC3339, "2021-01-01T00:00:04+01:60", "zone minute 60"},
		{RFC3339, "2021-01-01T00:00:04+01:0", "no zone minute"},
		{RFC3339, "2021-01-01 00:00:04Z", "no 'T'"},
		{Unix, "", "the time is empty"},
		{Unix, "soon", "not a number"},
		{Unix, "1.", "not a number"},
		{Unix, "1,5,5", "not a number"},
		{UnixMilli, "1.", "not a number"},
		{"%d-%b-%y", "19-Sop-03", "no month's name at character 4"},
		{"%d-%b-%y", "31-Sep-03", "September 2003 has no day 31"},
		{Unix, "-", "not a number"},
		{Unix, "1.5.5", "not a number"},
		{Unix, "9223372037", "outside 1677-09-21 to 2262-04-11"},
		{UnixNano, "9223372036854775808", "outside 1677-09-21 to 2262-04-11"},
		{UnixNano, "99999999999999999999", "outside 1677-09-21 to 2262-04-11"},
		{Unix, strings.Repeat("x", 1000), "…"},
	} {
		p := parser(t, tc.format, nil)
		for range 2 {
			ns, err := p.Parse(tc.text)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: %q is %d, %v; want an error that says %q", tc.format, tc.text, ns, err, tc.says)
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("%s: an error of %d bytes", tc.format, len(err.Error()))
			}
		}
	}
}

func TestLocation(t *testing.T) {
	for _, tc := range []struct{ zone, text, want string }{
		{"UTC", "2021-07-01 12:00:00", "2021-07-01T12:00:00Z"},
		{"Europe/Berlin", "2021-01-01 12:00:00", "2021-01-01T11:00:00Z"},
		{"Europe/Berlin", "2021-07-01 12:00:00", "2021-07-01T10:00:00Z"},
		// The day on which the clock skips 02:00 to 03:00.
		{"Europe/Berlin", "2021-03-28 01:59:59", "2021-03-28T00:59:59Z"},
		{"Europe/Berlin", "2021-03-28 02:30:00", "2021-03-28T01:30:00Z"},
		{"Europe/Berlin", "2021-03-28 03:00:00", "2021-03-28T01:00:00Z"},
		// The day on which it shows 02:00 to 03:00 twice.
		{"Europe/Berlin", "2021-10-31 01:59:59", "2021-10-30T23:59:59Z"},
		{"Europe/Berlin", "2021-10-31 02:30:00", "2021-10-31T00:30:00Z"},
		{"Europe/Berlin", "2021-10-31 03:00:00", "2021-10-31T02:00:00Z"},
		{"America/New_York", "2021-11-07 00:30:00", "2021-11-07T04:30:00Z"},
		{"America/New_York", "2021-11-07 01:30:00", "2021-11-07T05:30:00Z"},
		{"America/New_York", "2021-11-07 02:30:00", "2021-11-07T07:30:00Z"},
		// Samoa had no 30 December 2011.
		{"Pacific/Apia", "2011-12-29 23:30:00", "2011-12-30T09:30:00Z"},
		{"Pacific/Apia", "2011-12-31 00:30:00", "2011-12-30T10:30:00Z"},
		{"Asia/Kathmandu", "2021-01-01 00:00:00", "2020-12-31T18:15:00Z"},
	} {
		loc, err := time.LoadLocation(tc.zone)
		if err != nil {
			t.Fatal(err)
		}
		p := parser(t, "%Y-%m-%d %H:%M:%S", loc)
		for range 2 {
			ns, err := p.Parse(tc.text)
			if got := time.Unix(0, ns).UTC().Format(time.RFC3339Nano); err != nil || got != tc.want {
				t.Errorf("%s: %s is %s, %v; want %s", tc.zone, tc.text, got, err, tc.want)
			}
		}
	}
}

// Local times that a clock skips, or shows twice, are what the user says.
func TestDST(t *testing.T) {
	for _, tc := range []struct {
		zone, text string
		dst        DST
		want       string // or the end of the error
	}{
		{"Europe/Berlin", "2021-03-28 02:30:00", Earlier, "2021-03-28T00:30:00Z"},
		{"Europe/Berlin", "2021-03-28 02:30:00", Later, "2021-03-28T01:30:00Z"},
		{"Europe/Berlin", "2021-03-28 02:30:00", Forward, "2021-03-28T01:30:00Z"},
		{"Europe/Berlin", "2021-03-28 02:30:00", Reject, "the clocks of Europe/Berlin skip this time"},
		{"Europe/Berlin", "2021-10-31 02:30:00", Earlier, "2021-10-31T00:30:00Z"},
		{"Europe/Berlin", "2021-10-31 02:30:00", Later, "2021-10-31T01:30:00Z"},
		{"Europe/Berlin", "2021-10-31 02:30:00", Forward, "2021-10-31T00:30:00Z"},
		{"Europe/Berlin", "2021-10-31 02:30:00", Reject, "the clocks of Europe/Berlin show this time twice"},
		{"America/New_York", "2021-11-07 01:30:00", Later, "2021-11-07T06:30:00Z"},
		{"America/Sao_Paulo", "2018-11-04 00:30:00", Later, "2018-11-04T03:30:00Z"},
		{"America/Sao_Paulo", "2018-11-04 00:30:00", Earlier, "2018-11-04T02:30:00Z"},
		{"Pacific/Apia", "2011-12-30 12:00:00", Reject, "the clocks of Pacific/Apia skip this time"},
	} {
		loc, err := time.LoadLocation(tc.zone)
		if err != nil {
			t.Fatal(err)
		}
		p := parser(t, "%Y-%m-%d %H:%M:%S", loc)
		p.SetDST(tc.dst)
		day := tc.text[:dateLength]
		for _, text := range []string{day + " 12:34:56", tc.text, tc.text} { // the first has the date remembered, if it may be
			ns, err := p.Parse(text)
			got := time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
			if err != nil {
				got = err.Error()
			}
			if text == tc.text && !strings.HasSuffix(got, tc.want) {
				t.Errorf("%s, %v: %s is %s, want %s", tc.zone, tc.dst, text, got, tc.want)
			}
		}
		if n := p.Odd(); n != 2 && tc.zone != "Pacific/Apia" || p.Odd() != 0 {
			t.Errorf("%s, %v: %s is odd %d times", tc.zone, tc.dst, tc.text, n)
		}
	}
	var d DST
	if err := d.UnmarshalText([]byte("later")); err != nil || d != Later || d.String() != "later" {
		t.Errorf("later is %v, %v", d, err)
	}
	for _, name := range []string{"", "both"} {
		if err := d.UnmarshalText([]byte(name)); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

// A stamp's own zone wins over the location.
func TestZoneBeforeLocation(t *testing.T) {
	p := parser(t, RFC3339, time.FixedZone("", 3600))
	ns, err := p.Parse("2021-01-01T00:00:00Z")
	if want := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(); err != nil || ns != want {
		t.Errorf("got %d, %v; want %d", ns, err, want)
	}
}

func TestNewFails(t *testing.T) {
	for format, says := range map[string]string{
		"":                    "no directive",
		"iso8601":             "rfc3339, unix",
		"2006-01-02 15:04:05": "no directive",
		"%Y-%m":               "lacks %d",
		"%m-%d":               "lacks %Y",
		"%Y-%d":               "lacks %m",
		"%Y-%m-%d %M":         "lacks %H",
		"%Y-%m-%d %H:%S":      "lacks %M",
		"%Y-%m-%d %H:%M.%f":   "lacks %S",
		"%Y-%m-%d %":          "in the middle",
		"%Y-%m-%d %Q":         "unknown directive %Q",
		"%Y-%m-%d %I:%M":      "lacks %p",
		"%Y-%m-%d %p":         "lacks %I",
		"%Y-%m-%d %H:%M %p":   "an hour of 12 is %I with %p",
		"%Y-%m-%d %Y":         "twice",
		"%y-%m-%d %Y":         "twice",
		"%Y-%b-%m-%d":         "names the month twice",
		"%Y-%b-%B-%d":         "names the month twice",
	} {
		if _, err := New(format, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New(%q) gives %v; want an error that says %q", format, err, says)
		}
	}
}

// Every byte at every place of a time of day is read by quick as by the steps.
func TestQuickIsRight(t *testing.T) {
	const text = "2021-01-01 13:14:15"
	for i := dateLength; i < len(text); i++ {
		for c := range 256 {
			changed := []byte(text)
			changed[i] = byte(c)
			slow, quick := parser(t, "%Y-%m-%d %H:%M:%S", nil), parser(t, "%Y-%m-%d %H:%M:%S", nil)
			if _, err := quick.Parse(text); err != nil {
				t.Fatal(err)
			}
			want, wantErr := slow.parse(string(changed))
			if got, ok := quick.quick.parse(string(changed)); ok && (wantErr != nil || got != want) {
				t.Errorf("%q is %d; by the steps %d, %v", changed, got, want, wantErr)
			}
		}
	}
}

// A date that was remembered must not be seen where another one stands.
func TestRemembersWholeDatesOnly(t *testing.T) {
	p := parser(t, "%Y-%m-%d:%H:%M:%S", nil)
	if _, err := p.Parse("2021-1-1:3:04:05"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse("2021-1-1:3:04:05:06"); err == nil {
		t.Error("more text than the format is not an error")
	}
}

func parser(t testing.TB, format string, loc *time.Location) *Parser {
	t.Helper()
	p, err := New(format, loc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
