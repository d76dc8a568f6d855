package timestamp

import "strings"

// A half of the day, of a clock of twelve hours; 0: none is written.
type half byte

const (
	am half = iota + 1
	pm
)

// readHalf reads AM or PM, in any case, at the front of s.
func readHalf(s string) (h half, n int) {
	switch {
	case len(s) < 2:
		return 0, 0
	case strings.EqualFold(s[:2], "AM"):
		return am, 2
	case strings.EqualFold(s[:2], "PM"):
		return pm, 2
	}
	return 0, 0
}

// hour returns the hour of 24: 12 AM is midnight, and 12 PM noon.
func (h half) hour(of12 int) int {
	if h == pm {
		return of12%12 + 12
	}
	return of12 % 12
}

// halfOf returns an hour of 24 as one of 12, and how its half is written.
func halfOf(hour int) (of12 int, half string) {
	half = "AM"
	if hour >= 12 {
		half = "PM"
	}
	return (hour+11)%12 + 1, half
}
