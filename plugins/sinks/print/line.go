package print

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// appendJSON appends the record's value as JSON. One that no codec has decoded
// is a string, of its text or else of base64.
func appendJSON(dst []byte, r *pipeline.Record) ([]byte, error) {
	v := r.Value
	if undecoded(r) {
		if v = pipeline.Bytes(r.Raw); utf8.Valid(r.Raw) {
			v = pipeline.String(string(r.Raw))
		}
	}
	return jsonvalue.Append(dst, v, jsonvalue.Compact)
}

// undecoded reports whether all there is of the value is what was read.
func undecoded(r *pipeline.Record) bool {
	return r.Value.IsNull() && r.Raw != nil && string(r.Raw) != "null"
}

// text is how a person reads records.
type text Options

const stamp = "2006-01-02 15:04:05.000"

// appendLine appends the time, the key and the value, as far as they are asked
// for.
func (t text) appendLine(dst []byte, r *pipeline.Record) ([]byte, error) {
	switch t.Time {
	case "", "now":
		dst = append(time.Now().AppendFormat(dst, stamp), ' ')
	case "event":
		dst = append(appendEventTime(dst, r.Time), ' ')
	}
	if t.Key {
		dst = append(appendKey(dst, r.Key), ' ')
	}
	return appendText(dst, r)
}

func appendEventTime(dst []byte, at time.Time) []byte {
	if at.IsZero() {
		return append(dst, '-')
	}
	return at.UTC().AppendFormat(dst, stamp)
}

func appendKey(dst, key []byte) []byte {
	if key == nil {
		return append(dst, '-')
	}
	return appendReadable(dst, string(key))
}

// appendText appends a scalar as its text, and everything else as JSON with
// spaces.
func appendText(dst []byte, r *pipeline.Record) ([]byte, error) {
	if undecoded(r) {
		return appendReadable(dst, string(r.Raw)), nil
	}
	switch v := r.Value; v.Kind() {
	case pipeline.KindNull, pipeline.KindList, pipeline.KindStruct:
		return jsonvalue.Append(dst, v, jsonvalue.Spaced)
	case pipeline.KindString, pipeline.KindBytes:
		s, _ := v.Text()
		return appendReadable(dst, s), nil
	default:
		return v.AppendText(dst), nil
	}
}

// appendReadable appends a text, in quotes if it has something that a
// terminal would obey rather than show, or that would break the line.
func appendReadable(dst []byte, s string) []byte {
	for _, c := range s {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return strconv.AppendQuote(dst, s)
		}
	}
	return append(dst, s...)
}
