package avro

import (
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// node is a type of a schema. It may keep working memory, so it is used by one
// goroutine at a time.
type node interface {
	// encode appends v, or returns a *valueError.
	encode(dst []byte, v pipeline.Value) ([]byte, error)
	// decode reads a value, or returns a *valueError.
	decode(d *decoder) (pipeline.Value, error)
	// String names the type in messages.
	String() string
}

// valueError is what is wrong with a value, and where.
type valueError struct {
	at   int    // the byte in the data, from 1; 0 when writing
	path string // of the field, such as a.b[2]; empty for the value itself
	what string
}

func (e *valueError) Error() string {
	var b strings.Builder
	if e.at > 0 {
		b.WriteString("invalid Avro at byte ")
		b.WriteString(strconv.Itoa(e.at))
		b.WriteString(": ")
	}
	if e.path != "" {
		b.WriteString("field ")
		b.WriteString(e.path)
		b.WriteString(": ")
	}
	b.WriteString(e.what)
	return b.String()
}

// misfit says that v is none of t's values.
func misfit(t node, v pipeline.Value) error {
	return &valueError{what: "wants " + t.String() + ", not " + shown(v)}
}

// misfitAs is misfit with the reason.
func misfitAs(t node, v pipeline.Value, why string) error {
	return &valueError{what: "wants " + t.String() + ", not " + shown(v) + ", which " + why}
}

const shownText = 60

// shown is a value and its type, for a message.
func shown(v pipeline.Value) string {
	switch v.Kind() {
	case pipeline.KindNull:
		return "null"
	case pipeline.KindList:
		return "a list"
	case pipeline.KindStruct:
		return "a struct"
	case pipeline.KindString:
		if s := v.Str(); len(s) > shownText {
			v = pipeline.String(s[:shownText] + "…")
		}
	case pipeline.KindBytes:
		return strconv.Itoa(len(v.Bytes())) + " bytes"
	}
	return v.Kind().String() + " " + v.String()
}

// inField puts a field's name before the path of an error.
func inField(err error, name string) error {
	e := err.(*valueError)
	if e.path != "" && e.path[0] != '[' {
		name += "."
	}
	e.path = name + e.path
	return e
}

// inElement puts an element's place before the path of an error.
func inElement(err error, i int) error { return inField(err, "["+strconv.Itoa(i)+"]") }
