package jsonvalue

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// Append appends v as JSON to dst and returns the longer slice. On an error
// what it returns beside is to be ignored.
func Append(dst []byte, v pipeline.Value, style Style) ([]byte, error) {
	switch v.Kind() {
	case pipeline.KindBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case pipeline.KindInt:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case pipeline.KindFloat:
		return appendFloat(dst, v.Float(), style)
	case pipeline.KindString:
		return appendString(dst, v.Str(), style)
	case pipeline.KindBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes())
		return append(dst, '"'), nil
	case pipeline.KindTime:
		dst = append(dst, '"')
		dst = v.Time().AppendFormat(dst, time.RFC3339Nano)
		return append(dst, '"'), nil
	case pipeline.KindList:
		return appendList(dst, v.List(), style)
	case pipeline.KindStruct:
		return appendStruct(dst, v.Fields(), style)
	}
	return append(dst, "null"...), nil
}

func appendStruct(dst []byte, fs []pipeline.Field, style Style) ([]byte, error) {
	var err error
	dst = append(dst, '{')
	for i := range fs {
		f := &fs[i]
		if i > 0 {
			dst = appendMark(dst, ',', style)
		}
		if dst, err = appendString(dst, f.Name, style); err != nil {
			return dst, err
		}
		dst = appendMark(dst, ':', style)
		if dst, err = Append(dst, f.Value, style); err != nil {
			return dst, values.InField(err, f.Name)
		}
	}
	return append(dst, '}'), nil
}

func appendList(dst []byte, vs []pipeline.Value, style Style) ([]byte, error) {
	var err error
	dst = append(dst, '[')
	for i, v := range vs {
		if i > 0 {
			dst = appendMark(dst, ',', style)
		}
		if dst, err = Append(dst, v, style); err != nil {
			return dst, values.InElement(err, i)
		}
	}
	return append(dst, ']'), nil
}

func appendMark(dst []byte, mark byte, style Style) []byte {
	if style == Compact {
		return append(dst, mark)
	}
	return append(dst, mark, ' ')
}

func appendFloat(dst []byte, f float64, style Style) ([]byte, error) {
	switch a := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return dst, &values.Error{What: "JSON can't express the float " + strconv.FormatFloat(f, 'g', -1, 64)}
	case style != Python:
		return pipeline.AppendFloat(dst, f), nil
	case a != 0 && (a < 1e-4 || a >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, 64), nil
	}
	return pipeline.AppendFloat(dst, f), nil
}

const hex = "0123456789abcdef"

func appendString(dst []byte, s string, style Style) ([]byte, error) {
	for i := range len(s) {
		if !plain[s[i]] {
			return appendEscaped(dst, s, style)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"'), nil
}

func appendEscaped(dst []byte, s string, style Style) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, &values.Error{What: "text is not UTF-8: " + strconv.QuoteToASCII(s[:min(len(s), 64)])}
	}
	dst = append(dst, '"')
	start := 0 // of what is not yet appended
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case plain[c], c >= utf8.RuneSelf && style != Python, c == 0x7f && style != Python:
			i++
			continue
		case c >= utf8.RuneSelf:
			dst = append(dst, s[start:i]...)
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = appendASCII(dst, r)
			i += size
		default:
			dst = append(dst, s[start:i]...)
			dst = appendControl(dst, c)
			i++
		}
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), nil
}

// appendControl escapes an ASCII character.
func appendControl(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return appendUnit(dst, uint16(c))
}

// appendASCII escapes a character as one or two UTF-16 units.
func appendASCII(dst []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return appendUnit(appendUnit(dst, uint16(high)), uint16(low))
	}
	return appendUnit(dst, uint16(r))
}

func appendUnit(dst []byte, u uint16) []byte {
	return append(dst, '\\', 'u', hex[u>>12], hex[u>>8&0xf], hex[u>>4&0xf], hex[u&0xf])
}
