package timestamp

import (
	"fmt"
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		cells []string
		want  string // the format, or the error
	}{
		{[]string{"", "2021-01-01 00:00:00", "soon", "2021-01-02 00:00:00"}, "%Y-%m-%d %H:%M:%S"},
		{[]string{"1609459200", "1609459201"}, Unix},
		{nil, `the first values are empty; say how times are written with time_format, such as "%Y-%m-%d %H:%M:%S"`},
		{[]string{"", ""}, `the first values are empty; say how times are written with time_format, such as "%Y-%m-%d %H:%M:%S"`},
		{[]string{"2021-01-01", "soon"}, `how are times such as "soon" written? say it with time_format, such as "%Y-%m-%d %H:%M:%S" or unix`},
		{[]string{"2021-02-30"}, `"2021-02-30" is not a time of format %Y-%m-%d: February 2021 has no day 30`},
		{[]string{"", "1500-01-01 00:00"}, `"1500-01-01 00:00" is not a time of format %Y-%m-%d %H:%M: lies outside 1677-09-21 to 2262-04-11, which is as far as nanoseconds in 64 bits reach`},
		{[]string{"03/04/2021"}, `is "03/04/2021" day first or month first? say time_format: "%d/%m/%Y" or time_format: "%m/%d/%Y"`},
	} {
		p, err := Find(tc.cells, berlin, func(format string) string {
			if format == "" {
				return "time_format"
			}
			return fmt.Sprintf("time_format: %q", format)
		})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = p.Format()
		}
		if got != tc.want {
			t.Errorf("%q: %s, want %s", tc.cells, got, tc.want)
		}
	}
	p, err := Find([]string{"2021-07-01 12:00"}, berlin, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ns, err := p.Parse("2021-07-01 12:00"); err != nil || ns != time.Date(2021, 7, 1, 10, 0, 0, 0, time.UTC).UnixNano() {
		t.Errorf("%d, %v", ns, err)
	}
}
