package timestamp

import "strings"

var months = [...]string{"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"}

// monthName reads a month's English name at the front of s, short or in full,
// and returns its number; 0 if there is none.
func monthName(s string) (month, n int) {
	const short = 3
	if len(s) < short {
		return 0, 0
	}
	for i, name := range months {
		switch {
		case !strings.EqualFold(s[:short], name[:short]):
			continue
		case len(s) >= len(name) && strings.EqualFold(s[:len(name)], name):
			return i + 1, len(name)
		case name == "September" && len(s) > short && s[short]|' ' == 't':
			return i + 1, short + 1
		}
		return i + 1, short
	}
	return 0, 0
}

// namedShape is shape for a date with the month's name: 19-Sep-03, 19 Sep 2003,
// Sep 19 2003 or September 19, 2003. A year of two digits comes last.
func namedShape(s string) string {
	day, rest := digits(s)
	if day == 0 {
		return monthFirstShape(s)
	}
	if day > 2 || rest == "" || !strings.Contains("-/. ", rest[:1]) {
		return ""
	}
	separator := rest[:1]
	month, n := monthName(rest[1:])
	if month == 0 {
		return ""
	}
	year, rest, ok := afterSeparator(rest[1+n:], separator)
	clock, known := clockShape(rest)
	if !ok || !known {
		return ""
	}
	return joinShape("%d"+separator+"%b"+separator, year, clock)
}

func monthFirstShape(s string) string {
	month, n := monthName(s)
	if month == 0 {
		return ""
	}
	day, rest, ok := afterSeparator(s[n:], " ")
	pattern := "%b %d"
	if after, comma := strings.CutPrefix(rest, ","); comma {
		pattern, rest = pattern+",", after
	}
	if !ok || day > 2 {
		return ""
	}
	year, rest, ok := afterSeparator(rest, " ")
	clock, known := clockShape(rest)
	if !ok || !known {
		return ""
	}
	return joinShape(pattern+" ", year, clock)
}

// joinShape ends the pattern of a date with a year of so many digits.
func joinShape(date string, year int, clock string) string {
	switch year {
	case 2:
		return date + "%y" + clock
	case 4:
		return date + "%Y" + clock
	}
	return ""
}
