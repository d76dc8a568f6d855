package avro

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
)

type nullType struct{}

func (nullType) String() string { return "null" }

func (t nullType) encode(w *hamba.Writer, v pipeline.Value) error {
	if !v.IsNull() {
		return misfit(t, v)
	}
	return nil
}

func (nullType) decode(*decoder) (pipeline.Value, error) { return pipeline.Null(), nil }

type booleanType struct{}

func (booleanType) String() string { return "boolean" }

func (t booleanType) encode(w *hamba.Writer, v pipeline.Value) error {
	if v.Kind() != pipeline.KindBool {
		return misfit(t, v)
	}
	w.WriteBool(v.Bool())
	return nil
}

func (booleanType) decode(d *decoder) (pipeline.Value, error) {
	b, err := d.take(1)
	if err != nil {
		return pipeline.Null(), err
	}
	if b[0] > 1 {
		d.at--
		return pipeline.Null(), d.wrong("wants boolean, 0 or 1, not byte %d", b[0])
	}
	return pipeline.Bool(b[0] == 1), nil
}

type intType struct{}

func (intType) String() string { return "int" }

func (t intType) encode(w *hamba.Writer, v pipeline.Value) error {
	switch {
	case v.Kind() != pipeline.KindInt:
		return misfit(t, v)
	case v.Int() != int64(int32(v.Int())):
		return misfitAs(t, v, "takes more than 32 bits: make it long")
	}
	w.WriteLong(v.Int())
	return nil
}

func (intType) decode(d *decoder) (pipeline.Value, error) {
	i, err := d.int()
	return pipeline.Int(i), err
}

// int reads an integer of 32 bits.
func (d *decoder) int() (int64, error) {
	i, err := d.long()
	if err == nil && i != int64(int32(i)) {
		err = d.wrong("wants int, not %d, which takes more than 32 bits", i)
	}
	return i, err
}

type longType struct{}

func (longType) String() string { return "long" }

func (t longType) encode(w *hamba.Writer, v pipeline.Value) error {
	if v.Kind() != pipeline.KindInt {
		return misfit(t, v)
	}
	w.WriteLong(v.Int())
	return nil
}

func (longType) decode(d *decoder) (pipeline.Value, error) {
	i, err := d.long()
	return pipeline.Int(i), err
}

const inexact = "it can't hold exactly"

type floatType struct{}

func (floatType) String() string { return "float" }

func (t floatType) encode(w *hamba.Writer, v pipeline.Value) error {
	n, ok := v.Number()
	f := float32(n)
	switch {
	case !ok:
		return misfit(t, v)
	case v.Kind() == pipeline.KindInt && (int64(n) != v.Int() || float64(f) != n):
		return misfitAs(t, v, inexact)
	case math.IsInf(float64(f), 0) && !math.IsInf(n, 0):
		return misfitAs(t, v, "is too large for 32 bits: make it double")
	}
	w.WriteFloat(f)
	return nil
}

func (floatType) decode(d *decoder) (pipeline.Value, error) {
	b, err := d.take(4)
	if err != nil {
		return pipeline.Null(), err
	}
	return pipeline.Float(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))), nil
}

type doubleType struct{}

func (doubleType) String() string { return "double" }

func (t doubleType) encode(w *hamba.Writer, v pipeline.Value) error {
	n, ok := v.Number()
	switch {
	case !ok:
		return misfit(t, v)
	case v.Kind() == pipeline.KindInt && int64(n) != v.Int():
		return misfitAs(t, v, inexact)
	}
	w.WriteDouble(n)
	return nil
}

func (doubleType) decode(d *decoder) (pipeline.Value, error) {
	b, err := d.take(8)
	if err != nil {
		return pipeline.Null(), err
	}
	return pipeline.Float(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
}

type stringType struct{}

func (stringType) String() string { return "string" }

func (t stringType) encode(w *hamba.Writer, v pipeline.Value) error {
	switch v.Kind() {
	case pipeline.KindString:
		if !utf8.ValidString(v.Str()) {
			return misfitAs(t, v, "is not UTF-8")
		}
		w.WriteString(v.Str())
		return nil
	case pipeline.KindBytes:
		if !utf8.Valid(v.Bytes()) {
			return misfitAs(t, v, "are not UTF-8")
		}
		w.WriteBytes(v.Bytes())
		return nil
	case pipeline.KindTime:
		var room [64]byte
		w.WriteBytes(v.AppendText(room[:0]))
		return nil
	}
	return misfit(t, v)
}

func (stringType) decode(d *decoder) (pipeline.Value, error) {
	s, err := d.text()
	return pipeline.String(s), err
}

type bytesType struct{}

func (bytesType) String() string { return "bytes" }

func (t bytesType) encode(w *hamba.Writer, v pipeline.Value) error {
	switch v.Kind() {
	case pipeline.KindBytes:
		w.WriteBytes(v.Bytes())
		return nil
	case pipeline.KindString:
		w.WriteString(v.Str())
		return nil
	}
	return misfit(t, v)
}

func (bytesType) decode(d *decoder) (pipeline.Value, error) {
	b, err := d.bytes()
	return pipeline.Bytes(b), err
}

type fixedType struct {
	name string
	size int
}

func (t *fixedType) String() string { return fmt.Sprintf("fixed %s of %d bytes", t.name, t.size) }

func (t *fixedType) encode(w *hamba.Writer, v pipeline.Value) error {
	switch {
	case v.Kind() == pipeline.KindBytes && len(v.Bytes()) == t.size:
		_, _ = w.Write(v.Bytes())
		return nil
	case v.Kind() == pipeline.KindString && len(v.Str()) == t.size:
		_, _ = w.Write([]byte(v.Str()))
		return nil
	}
	return misfit(t, v)
}

func (t *fixedType) decode(d *decoder) (pipeline.Value, error) {
	b, err := d.take(int64(t.size))
	return pipeline.Bytes(b), err
}

type enumType struct {
	name    string
	symbols []string
	index   map[string]int
}

func newEnum(name string, symbols []string) *enumType {
	t := &enumType{name, symbols, map[string]int{}}
	for i, symbol := range symbols {
		t.index[symbol] = i
	}
	return t
}

func (t *enumType) String() string { return "enum " + t.name }

func (t *enumType) encode(w *hamba.Writer, v pipeline.Value) error {
	if v.Kind() != pipeline.KindString {
		return misfit(t, v)
	}
	i, ok := t.index[v.Str()]
	if !ok {
		return misfitAs(t, v, "is none of "+strings.Join(t.symbols, ", "))
	}
	w.WriteLong(int64(i))
	return nil
}

func (t *enumType) decode(d *decoder) (pipeline.Value, error) {
	i, err := d.long()
	if err == nil && (i < 0 || i >= int64(len(t.symbols))) {
		err = d.wrong("%v has no symbol number %d", t, i)
	}
	if err != nil {
		return pipeline.Null(), err
	}
	return pipeline.String(t.symbols[i]), nil
}
