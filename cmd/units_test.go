package cmd

import (
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0, "record"), "0 records"},
		{count(1, "record"), "1 record"},
		{count(3012, "record"), "3,012 records"},

		{span(0), "0 µs"},
		{span(42 * time.Microsecond), "42 µs"},
		{span(850 * time.Millisecond), "850 ms"},
		{span(999_600 * time.Microsecond), "1.0 s"},
		{span(3240 * time.Millisecond), "3.2 s"},
		{span(9960 * time.Millisecond), "10 s"},
		{span(59400 * time.Millisecond), "59 s"},
		{span(59600 * time.Millisecond), "1m 0s"},
		{span(63 * time.Second), "1m 3s"},
		{span(time.Hour - time.Millisecond), "1h 0m"},
		{span(125 * time.Minute), "2h 5m"},
		{span(76 * time.Hour), "3d 4h"},
		{span((78*365 + 12) * 24 * time.Hour), "78y 12d"},

		{late(0), "0.0 ms"},
		{late(1234 * time.Microsecond), "1.2 ms"},
		{late(99_940 * time.Microsecond), "99.9 ms"},
		{late(99_960 * time.Microsecond), "100 ms"},
		{late(1200 * time.Millisecond), "1.2 s"},

		{rate(0), "0/s"},
		{rate(0.04), "0/s"},
		{rate(0.5), "0.5/s"},
		{rate(12), "12/s"},
		{rate(47.83), "47.8/s"},
		{rate(99.96), "100/s"},
		{rate(1234.4), "1,234/s"},
		{rate(99_999.6), "100k/s"},
		{rate(999_600), "1.0M/s"},
		{rate(2.14e6), "2.1M/s"},

		{factor(0.5), "0.5"},
		{factor(15.625), "15.62"},
		{factor(11250), "11250"},

		{size(212_000), "212 kB"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
