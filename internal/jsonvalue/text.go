package jsonvalue

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline/internal/values"
)

// text reads the string whose first byte after the quote is at i, and returns
// the place after its end.
func (d *Decoder) text(i int) (string, int, error) {
	data := d.data
	for j := i; j < len(data); j++ {
		if c := data[j]; !plain[c] {
			if c == '"' {
				return values.Shared(data[i:j]), j + 1, nil
			}
			return d.otherText(i, j)
		}
	}
	return "", len(data), d.wrong(len(data), "a string's closing quote")
}

// otherText reads the string that starts at i, and is plain up to j.
func (d *Decoder) otherText(i, j int) (string, int, error) {
	ascii := true
	for ; j < len(d.data); j++ {
		switch c := d.data[j]; {
		case c == '"':
			s := d.data[i:j]
			if !ascii && !utf8.Valid(s) {
				return "", j, d.notUTF8(i)
			}
			return values.Shared(s), j + 1, nil
		case c == '\\':
			return d.escapedText(i, j)
		case c < ' ':
			return "", j, d.wrong(j, "control characters to be escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", j, d.wrong(j, "a string's closing quote")
}

// escapedText reads the string that starts at i, and has its first escape at
// j.
func (d *Decoder) escapedText(i, j int) (string, int, error) {
	var err error
	text := append(d.unescaped[:0], d.data[i:j]...)
	for j < len(d.data) {
		switch c := d.data[j]; {
		case c == '"':
			d.unescaped = text
			if !utf8.Valid(text) {
				return "", j, d.notUTF8(i)
			}
			return d.slabs.Text(text), j + 1, nil
		case c == '\\':
			if text, j, err = d.escape(text, j); err != nil {
				return "", j, err
			}
		case c < ' ':
			return "", j, d.wrong(j, "control characters to be escaped")
		default:
			text = append(text, c)
			j++
		}
	}
	return "", j, d.wrong(j, "a string's closing quote")
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape appends what the escape at i stands for to text.
func (d *Decoder) escape(text []byte, i int) ([]byte, int, error) {
	if i+1 < len(d.data) && escapes[d.data[i+1]] != 0 {
		return append(text, escapes[d.data[i+1]]), i + 2, nil
	}
	r, ok := d.unit(i)
	if !ok {
		return text, i, d.wrongEscape(i)
	}
	i += len(`\u0000`)
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(text, r), i, nil
	}
	low, ok := d.unit(i)
	if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
		i += len(`\u0000`)
	}
	return utf8.AppendRune(text, r), i, nil
}

// unit returns the UTF-16 unit that is escaped at i, if there is one.
func (d *Decoder) unit(i int) (rune, bool) {
	if i+6 > len(d.data) || d.data[i] != '\\' || d.data[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range d.data[i+2 : i+6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func (d *Decoder) wrongEscape(i int) error {
	return &values.Error{Format: "JSON", At: i + 1, What: "no escape is written " + strconv.QuoteToASCII(string(d.data[i:min(i+6, len(d.data))]))}
}

// notUTF8 finds the place of the mistake in the string that starts at i.
func (d *Decoder) notUTF8(i int) error {
	for i < len(d.data) {
		r, size := utf8.DecodeRune(d.data[i:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		i += size
	}
	return &values.Error{Format: "JSON", At: i + 1, What: "text is not UTF-8"}
}
