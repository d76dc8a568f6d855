// Package timestamp reads the times that are written in text: it finds out
// how the cells of a column write them, and parses cell after cell along that
// one format.
//
// A format is one of the words rfc3339, unix, unix_ms, unix_us and unix_ns,
// or a pattern of these directives, with every other character standing for
// itself:
//
//	%Y  year, four digits        %H  hour, 0–23
//	%y  year, two digits         %M  minute
//	    (69–99: 19xx)            %S  second, with a fraction if there is one
//	%m  month, 1–12              %f  fraction of a second: digits alone
//	%b  month, Sep or September  %z  zone: Z, +01:00, +0100 or +01
//	%d  day of the month         %%  a percent sign
//	%I  hour, 1–12               %p  AM or PM, or am or pm
//
// Fields of two digits may be written with one. %B is read as %b is, and writes
// the name in full. A time without a zone is one of the parser's location.
// Fractions follow a point or a comma; what is finer than a nanosecond is
// dropped.
// A 60th second (a leap second) is an error, as in package time.
package timestamp

import (
	"errors"
	"fmt"
	"strings"
)

// The formats that are words. RFC3339 is a name for a pattern; the others
// count from 1970-01-01T00:00:00Z.
const (
	RFC3339   = "rfc3339"
	Unix      = "unix"    // seconds; these and the next, with a fraction if there is one
	UnixMilli = "unix_ms" // milliseconds
	UnixMicro = "unix_us" // microseconds
	UnixNano  = "unix_ns" // nanoseconds
)

const rfc3339Pattern = "%Y-%m-%dT%H:%M:%S%z"

// unixUnits are the nanoseconds in one unit of the formats that count.
var unixUnits = map[string]int64{Unix: 1e9, UnixMilli: 1e6, UnixMicro: 1e3, UnixNano: 1}

// A step is one directive of a pattern (by its letter), or a literal byte.
type step struct {
	directive byte // 0: a literal
	literal   byte
}

const directives = "YymbBdHIpMSfz"

// compile turns a pattern into steps, checking that it names one full date.
func compile(pattern string) ([]step, error) {
	var steps []step
	seen := map[byte]bool{}
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c != '%' {
			steps = append(steps, step{literal: c})
			continue
		}
		i++
		switch {
		case i == len(pattern):
			return nil, fmt.Errorf("format %q ends in the middle of a directive; write %%%% for a percent sign", pattern)
		case pattern[i] == '%':
			steps = append(steps, step{literal: '%'})
		case strings.IndexByte(directives, pattern[i]) < 0:
			return nil, fmt.Errorf("format %q: unknown directive %%%c; there are %%Y %%y %%m %%b %%d %%H %%I %%p %%M %%S %%f %%z %%%%", pattern, pattern[i])
		case seen[pattern[i]]:
			return nil, fmt.Errorf("format %q: %%%c stands there twice", pattern, pattern[i])
		default:
			seen[pattern[i]] = true
			steps = append(steps, step{directive: pattern[i]})
		}
	}
	return steps, complete(pattern, seen)
}

// complete reports what a pattern with the given directives lacks.
func complete(pattern string, has map[byte]bool) error {
	if len(has) == 0 {
		return fmt.Errorf("format %q has no directive; write one such as \"%%Y-%%m-%%d %%H:%%M:%%S\", or %s, %s, %s, %s or %s",
			pattern, RFC3339, Unix, UnixMilli, UnixMicro, UnixNano)
	}
	lack := ""
	switch {
	case has['Y'] && has['y']:
		return fmt.Errorf("format %q names the year twice: %%Y and %%y", pattern)
	case !has['Y'] && !has['y']:
		lack = "%Y"
	case has['m'] && (has['b'] || has['B']) || has['b'] && has['B']:
		return fmt.Errorf("format %q names the month twice", pattern)
	case !has['m'] && !has['b'] && !has['B']:
		lack = "%m"
	case !has['d']:
		lack = "%d"
	case has['H'] && (has['I'] || has['p']):
		return fmt.Errorf("format %q has an hour of 24 with %%I or %%p: an hour of 12 is %%I with %%p", pattern)
	case has['I'] && !has['p']:
		lack = "%p"
	case has['p'] && !has['I']:
		lack = "%I"
	case has['M'] && !has['H'] && !has['I']:
		lack = "%H"
	case has['S'] && !has['M']:
		lack = "%M"
	case has['f'] && !has['S']:
		lack = "%S"
	}
	if lack != "" {
		return fmt.Errorf("format %q lacks %s", pattern, lack)
	}
	return nil
}

var errRange = errors.New("lies outside 1677-09-21 to 2262-04-11, which is as far as nanoseconds in 64 bits reach")
