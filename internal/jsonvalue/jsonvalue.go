// Package jsonvalue writes a pipeline.Value as JSON (RFC 8259) and reads it
// back.
//
// Types survive: a float keeps its point (51.0), an integer is exact to 64
// bits, and fields keep their order. Times are written as RFC 3339 and bytes
// as base64; both come back as strings. What JSON can't say is an error that
// names the field: NaN, the infinities, and text that is not UTF-8.
package jsonvalue

// Style is how JSON is laid out.
type Style uint8

const (
	// Compact has no spaces, and escapes only what must be.
	Compact Style = iota
	// Spaced has a space after every colon and comma, for people.
	Spaced
	// Python is what Python's json.dumps writes by default: Spaced, nothing
	// but ASCII, and floats as repr writes them.
	Python
)

// plain marks the bytes that stand for themselves in a JSON string, in every
// style: ASCII without the quote, the backslash and control characters.
var plain = func() (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()
