// Package values is what codecs share: errors that say where in a value they
// are, and memory for the values that are decoded.
package values

import (
	"strconv"
	"strings"
)

// Error is what is wrong with a value, and where.
type Error struct {
	Format string // of the data, such as JSON; empty when writing
	At     int    // the byte in the data, from 1
	Path   string // of the field, such as a.b[2]; empty for the value itself
	What   string
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Format != "" {
		b.WriteString("invalid " + e.Format + " at byte " + strconv.Itoa(e.At) + ": ")
	}
	if e.Path != "" {
		b.WriteString("field " + e.Path + ": ")
	}
	b.WriteString(e.What)
	return b.String()
}

// InField puts a field's name, or an element's index as [i], before the path
// of an error, which is an *Error.
func InField(err error, name string) error {
	e := err.(*Error)
	if e.Path != "" && e.Path[0] != '[' {
		name += "."
	}
	e.Path = name + e.Path
	return e
}

// InElement puts an element's place before the path of an error, which is an
// *Error.
func InElement(err error, i int) error { return InField(err, "["+strconv.Itoa(i)+"]") }
