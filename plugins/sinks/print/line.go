package print

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// appendJSON appends the record's value as JSON.
func appendJSON(dst []byte, r *pipeline.Record) ([]byte, error) {
	return jsonvalue.Append(dst, jsonvalue.OfRecord(r), jsonvalue.Compact)
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
	return appendText(dst, jsonvalue.OfRecord(r))
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
func appendText(dst []byte, v pipeline.Value) ([]byte, error) {
	switch v.Kind() {
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
