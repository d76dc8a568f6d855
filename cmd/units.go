package cmd

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// Numbers as a person reads them.

// count returns "1 record", "3,012 records".
func count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return humanize.Comma(n) + " " + noun
}

// span returns how long something took, in two units at most: "850 ms",
// "3.2 s", "1m 3s", "2h 5m", "3d 4h", "78y 12d".
func span(d time.Duration) string {
	switch s := int64(d.Round(time.Second) / time.Second); {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%dm %ds", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%dh %dm", s/3600, s%3600/60)
	case s < 2*365*24*3600:
		return fmt.Sprintf("%dd %dh", s/(24*3600), s%(24*3600)/3600)
	default:
		days := s / (24 * 3600)
		return fmt.Sprintf("%dy %dd", days/365, days%365)
	}
}

// late returns a lateness, in milliseconds as long as that reads well.
func late(d time.Duration) string {
	switch ms := float64(d) / 1e6; {
	case ms < 99.95:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 999.5:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return span(d)
}

// rate returns records a second: "0.5/s", "47.8/s", "1,234/s", "2.1M/s".
func rate(perSecond float64) string {
	switch {
	case perSecond < 99.95:
		return strconv.FormatFloat(math.Round(perSecond*10)/10, 'f', -1, 64) + "/s"
	case perSecond < 99_999.5:
		return humanize.Comma(int64(math.Round(perSecond))) + "/s"
	case perSecond < 999_500:
		return fmt.Sprintf("%.0fk/s", perSecond/1e3)
	}
	return fmt.Sprintf("%.1fM/s", perSecond/1e6)
}

// factor returns a speed with four digits: "0.5", "15.62", "11250".
func factor(x float64) string {
	if x >= 1000 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

func size(bytes int64) string { return humanize.Bytes(uint64(bytes)) }
