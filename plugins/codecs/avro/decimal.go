package avro

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
)

// decimalType is a decimal of a fixed number of digits after the point, in
// Avro the integer without the point, big-endian in two's complement. As a
// Value it is a string, which keeps every digit.
type decimalType struct {
	precision, scale int
	size             int // of a fixed; 0: bytes, as many as needed

	text, digits []byte // working memory
}

func (t *decimalType) String() string { return fmt.Sprintf("decimal(%d,%d)", t.precision, t.scale) }

func (t *decimalType) encode(w *hamba.Writer, v pipeline.Value) error {
	switch v.Kind() {
	case pipeline.KindString, pipeline.KindInt, pipeline.KindFloat:
	default:
		return misfit(t, v)
	}
	t.text = v.AppendText(t.text[:0])
	negative, why := t.unscale(t.text)
	if why != "" {
		return misfitAs(t, v, why)
	}
	if len(t.digits) <= smallDigits {
		var i int64
		for _, c := range t.digits {
			i = i*10 + int64(c-'0')
		}
		if negative {
			i = -i
		}
		var room [8]byte
		t.write(w, binary.BigEndian.AppendUint64(room[:0], uint64(i)))
		return nil
	}
	b, _ := new(big.Int).SetString(string(t.digits), 10)
	size := b.BitLen()/8 + 1
	if negative {
		b.Sub(new(big.Int).Lsh(big.NewInt(1), uint(8*size)), b)
	}
	t.write(w, b.FillBytes(make([]byte, size)))
	return nil
}

// smallDigits is how many digits always fit into an int64.
const smallDigits = 18

// unscale puts the digits of a number as if it had no point into t.digits. It
// says why, if the number is none that the type can hold.
func (t *decimalType) unscale(text []byte) (negative bool, why string) {
	const noNumber = "is no decimal number"
	t.digits = t.digits[:0]
	text, exponentText, hasExponent := bytes.Cut(text, []byte("e"))
	exponent := t.scale
	if hasExponent {
		e, err := strconv.Atoi(string(exponentText))
		if err != nil || e < -maxExponent || e > maxExponent {
			return false, noNumber
		}
		exponent += e
	}
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative, text = text[0] == '-', text[1:]
	}
	whole, places, _ := bytes.Cut(text, []byte("."))
	if len(whole)+len(places) == 0 {
		return false, noNumber
	}
	for _, part := range [...][]byte{whole, places} {
		for _, c := range part {
			if c-'0' > 9 {
				return false, noNumber
			}
			if c != '0' || len(t.digits) > 0 {
				t.digits = append(t.digits, c)
			}
		}
	}
	exponent -= len(places)
	for ; exponent < 0 && len(t.digits) > 0; exponent++ {
		last := len(t.digits) - 1
		if t.digits[last] != '0' {
			return false, fmt.Sprintf("has more than %d digits after the point", t.scale)
		}
		t.digits = t.digits[:last]
	}
	if len(t.digits) > 0 && len(t.digits)+exponent > t.precision {
		return false, fmt.Sprintf("has more than %d digits before the point", t.precision-t.scale)
	}
	for ; exponent > 0 && len(t.digits) > 0; exponent-- {
		t.digits = append(t.digits, '0')
	}
	return negative, ""
}

// maxExponent is beyond any number that a float or a decimal in use has.
const maxExponent = 10_000

// write writes an integer in two's complement.
func (t *decimalType) write(w *hamba.Writer, b []byte) {
	b = shortest(b)
	if t.size == 0 {
		w.WriteBytes(b)
		return
	}
	for range t.size - len(b) {
		_, _ = w.Write([]byte{sign(b)})
	}
	_, _ = w.Write(b)
}

// shortest cuts the leading bytes that only repeat the sign.
func shortest(b []byte) []byte {
	for len(b) > 1 && b[0] == sign(b[1:]) {
		b = b[1:]
	}
	return b
}

// sign is the byte that goes on before a number in two's complement.
func sign(b []byte) byte {
	if len(b) > 0 && b[0]&0x80 != 0 {
		return 0xff
	}
	return 0
}

func (t *decimalType) decode(d *decoder) (pipeline.Value, error) {
	var b []byte
	var err error
	if t.size > 0 {
		b, err = d.take(int64(t.size))
	} else {
		b, err = d.bytes()
	}
	if err != nil {
		return pipeline.Null(), err
	}
	if b = shortest(b); len(b) <= t.precision/2+1 { // a byte is worth 2.4 digits
		t.digits = appendInteger(t.digits[:0], b)
		negative := t.digits[0] == '-'
		digits := bytes.TrimPrefix(t.digits, []byte("-"))
		if len(digits) <= t.precision {
			return pipeline.String(d.slabs.Text(t.pointed(negative, digits))), nil
		}
	}
	return pipeline.Null(), d.wrong("wants %v, not a number of more digits", t)
}

// appendInteger appends the digits of an integer in two's complement.
func appendInteger(dst, b []byte) []byte {
	if len(b) > 8 {
		i := new(big.Int).SetBytes(b)
		if sign(b) != 0 {
			i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return i.Append(dst, 10)
	}
	i := int64(int8(sign(b)))
	for _, c := range b {
		i = i<<8 | int64(c)
	}
	return strconv.AppendInt(dst, i, 10)
}

// pointed returns a number with its point.
func (t *decimalType) pointed(negative bool, digits []byte) []byte {
	t.text = t.text[:0]
	if negative {
		t.text = append(t.text, '-')
	}
	for range t.scale + 1 - len(digits) {
		t.text = append(t.text, '0')
	}
	t.text = append(t.text, digits...)
	if t.scale > 0 {
		t.text = slices.Insert(t.text, len(t.text)-t.scale, '.')
	}
	return t.text
}
