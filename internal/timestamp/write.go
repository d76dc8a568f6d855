package timestamp

import (
	"slices"
	"strconv"
	"time"
)

// Unit returns the unit of a format that counts since 1970, and 0 for any
// other format.
func Unit(format string) time.Duration { return time.Duration(unixUnits[format]) }

// A Writer writes times along a pattern, as a Parser of it reads them. It
// remembers the date that it wrote last, so it must not be used by two
// goroutines at once.
type Writer struct {
	steps  []step
	loc    *time.Location // nil: UTC
	digits int
	inText bool // %S writes the fraction, since there is no %f

	day              int64 // since 1970
	year, month, dom int
}

// NewWriter returns a writer for RFC3339 or a pattern. Local times are of loc,
// and times that carry a zone are written in UTC; nil means UTC. digits, 0 to 9, is how
// many a fraction of a second has; with none %S writes none, and %f one.
func NewWriter(format string, loc *time.Location, digits int) (*Writer, error) {
	p, err := New(format, loc)
	if err != nil {
		return nil, err
	}
	w := &Writer{steps: p.steps, loc: p.loc, digits: digits, inText: p.fraction && digits > 0}
	if slices.ContainsFunc(w.steps, func(s step) bool { return s.directive == 'z' }) {
		w.loc = nil
	}
	w.setDay(0)
	return w, nil
}

func (w *Writer) setDay(day int64) {
	year, month, dom := time.Unix(day*secondsPerDay, 0).UTC().Date()
	w.day, w.year, w.month, w.dom = day, year, int(month), dom
}

// Append appends the time that is ns nanoseconds after 1970-01-01T00:00:00Z.
// Digits beyond those of the fraction are dropped.
func (w *Writer) Append(dst []byte, ns int64) []byte {
	seconds, nanos := floor(ns, 1e9)
	if w.loc != nil {
		seconds += offsetAt(w.loc, seconds)
	}
	day, second := floor(seconds, secondsPerDay)
	if day != w.day {
		w.setDay(day)
	}
	for _, st := range w.steps {
		switch st.directive {
		case 0:
			dst = append(dst, st.literal)
		case 'Y':
			dst = appendTwo(appendTwo(dst, w.year/100), w.year%100)
		case 'y':
			dst = appendTwo(dst, w.year%100)
		case 'm':
			dst = appendTwo(dst, w.month)
		case 'b':
			dst = append(dst, months[w.month-1][:3]...)
		case 'B':
			dst = append(dst, months[w.month-1]...)
		case 'd':
			dst = appendTwo(dst, w.dom)
		case 'H':
			dst = appendTwo(dst, int(second/3600))
		case 'I':
			of12, _ := halfOf(int(second / 3600))
			dst = appendTwo(dst, of12)
		case 'p':
			_, half := halfOf(int(second / 3600))
			dst = append(dst, half...)
		case 'M':
			dst = appendTwo(dst, int(second/60%60))
		case 'S':
			dst = appendTwo(dst, int(second%60))
			if w.inText {
				dst = w.appendFraction(append(dst, '.'), nanos)
			}
		case 'f':
			dst = w.appendFraction(dst, nanos)
		case 'z':
			dst = append(dst, 'Z')
		}
	}
	return dst
}

// floor divides, and returns a remainder that is not negative.
func floor(n, by int64) (quotient, rest int64) {
	quotient, rest = n/by, n%by
	if rest < 0 {
		quotient, rest = quotient-1, rest+by
	}
	return quotient, rest
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func (w *Writer) appendFraction(dst []byte, nanos int64) []byte {
	at := len(dst)
	dst = strconv.AppendInt(dst, 1e9+nanos, 10)     // a 1 and nine digits
	copy(dst[at:], dst[at+1:at+1+max(w.digits, 1)]) // without the 1
	return dst[:at+max(w.digits, 1)]
}
