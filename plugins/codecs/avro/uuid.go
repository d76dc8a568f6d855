package avro

import (
	"encoding/hex"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
)

// uuidType is a UUID in the form of RFC 9562, as a Value a string; in Avro a
// string too, or 16 bytes.
type uuidType struct{ fixed bool }

func (*uuidType) String() string { return "uuid" }

func (t *uuidType) encode(w *hamba.Writer, v pipeline.Value) error {
	if v.Kind() != pipeline.KindString {
		return misfit(t, v)
	}
	b, ok := parseUUID(v.Str())
	if !ok {
		return misfitAs(t, v, "is not written like 123e4567-e89b-12d3-a456-426614174000")
	}
	if t.fixed {
		_, _ = w.Write(b[:])
		return nil
	}
	w.WriteString(v.Str())
	return nil
}

func (t *uuidType) decode(d *decoder) (pipeline.Value, error) {
	if !t.fixed {
		s, err := d.text()
		return pipeline.String(s), err
	}
	b, err := d.take(16)
	if err != nil {
		return pipeline.Null(), err
	}
	var room [36]byte
	return pipeline.String(d.slabs.Text(appendUUID(room[:0], b))), nil
}

// uuidGroups are the groups of digits: from where to where, and their first
// byte.
var uuidGroups = [...]struct{ from, to, first int }{{0, 8, 0}, {9, 13, 4}, {14, 18, 6}, {19, 23, 8}, {24, 36, 10}}

func parseUUID(s string) (b [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return b, false
	}
	for _, g := range uuidGroups {
		if _, err := hex.Decode(b[g.first:], []byte(s[g.from:g.to])); err != nil {
			return b, false
		}
	}
	return b, true
}

func appendUUID(dst, b []byte) []byte {
	for _, g := range uuidGroups {
		if g.first > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, b[g.first:g.first+(g.to-g.from)/2])
	}
	return dst
}
