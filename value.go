package pipeline

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"
	"unsafe"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of values. The zero Value is null.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindBytes
	KindTime
	KindList
	KindStruct
)

var kindNames = [...]string{"null", "bool", "int", "float", "string", "bytes", "time", "list", "struct"}

func (k Kind) String() string { return kindNames[k] }

// Value is one piece of data: null, a scalar, a list or a struct. Like
// slog.Value it is a small tagged struct, so that a scalar costs no
// allocation.
//
// The accessors panic when the value is of another kind, as slog's do; Number
// and Text are for code that takes what comes.
type Value struct {
	ptr  unsafe.Pointer // of a string, bytes, list or struct: its first element
	num  uint64         // the scalar's bits, or the length
	cap  uint32         // of a list or struct: its capacity, so that growing it can be free
	kind Kind
}

// Field is a named value of a struct.
type Field struct {
	Name  string
	Value Value
}

// Null returns the null value, which is also the zero Value.
func Null() Value { return Value{} }

// Bool returns a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// Int returns a 64-bit integer.
func Int(i int64) Value { return Value{kind: KindInt, num: uint64(i)} }

// Float returns a 64-bit float.
func Float(f float64) Value { return Value{kind: KindFloat, num: math.Float64bits(f)} }

// String returns a string.
func String(s string) Value {
	return Value{kind: KindString, ptr: unsafe.Pointer(unsafe.StringData(s)), num: uint64(len(s))}
}

// Bytes returns a byte string that shares b's memory.
func Bytes(b []byte) Value {
	return Value{kind: KindBytes, ptr: unsafe.Pointer(unsafe.SliceData(b)), num: uint64(len(b))}
}

// Time returns an instant to the nanosecond, from 1678 to 2262. Its time zone
// is not kept.
func Time(t time.Time) Value { return Value{kind: KindTime, num: uint64(t.UnixNano())} }

// List returns a list that shares vs's memory.
func List(vs []Value) Value {
	return Value{kind: KindList, ptr: unsafe.Pointer(unsafe.SliceData(vs)), num: uint64(len(vs)), cap: capacity(cap(vs))}
}

// Struct returns a struct that shares fs's memory; the order of the fields is
// kept.
func Struct(fs []Field) Value {
	return Value{kind: KindStruct, ptr: unsafe.Pointer(unsafe.SliceData(fs)), num: uint64(len(fs)), cap: capacity(cap(fs))}
}

func capacity(n int) uint32 { return uint32(min(uint64(n), math.MaxUint32)) }

// Kind returns the value's kind.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Bool returns a boolean.
func (v Value) Bool() bool { v.must(KindBool); return v.num != 0 }

// Int returns an integer.
func (v Value) Int() int64 { v.must(KindInt); return int64(v.num) }

// Float returns a float.
func (v Value) Float() float64 { v.must(KindFloat); return math.Float64frombits(v.num) }

// Str returns a string. (String is the Stringer's.)
func (v Value) Str() string { v.must(KindString); return unsafe.String((*byte)(v.ptr), int(v.num)) }

// Bytes returns a byte string; the caller must not change it.
func (v Value) Bytes() []byte { v.must(KindBytes); return unsafe.Slice((*byte)(v.ptr), int(v.num)) }

// Time returns an instant in UTC.
func (v Value) Time() time.Time { v.must(KindTime); return time.Unix(0, int64(v.num)).UTC() }

// List returns a list's elements. Its spare capacity belongs to the list.
func (v Value) List() []Value {
	v.must(KindList)
	return unsafe.Slice((*Value)(v.ptr), max(int(v.cap), int(v.num)))[:v.num]
}

// Fields returns a struct's fields. Its spare capacity belongs to the struct.
func (v Value) Fields() []Field {
	v.must(KindStruct)
	return unsafe.Slice((*Field)(v.ptr), max(int(v.cap), int(v.num)))[:v.num]
}

func (v Value) must(k Kind) {
	if v.kind != k {
		panic(badKind(v.kind, k))
	}
}

func badKind(is, want Kind) string {
	return "pipeline: a value of kind " + is.String() + " is used as " + want.String()
}

// Number returns an integer or a float as a float, and whether v is either.
func (v Value) Number() (float64, bool) {
	switch v.kind {
	case KindInt:
		return float64(int64(v.num)), true
	case KindFloat:
		return math.Float64frombits(v.num), true
	}
	return 0, false
}

// Text returns a scalar as text, as it stands in a CSV cell or in a Kafka
// key: a string is itself, bytes are taken as they are, a time is RFC 3339,
// and null is empty. It returns false for a list or struct.
func (v Value) Text() (string, bool) {
	switch v.kind {
	case KindString:
		return v.Str(), true
	case KindList, KindStruct:
		return "", false
	}
	return string(v.AppendText(nil)), true
}

// AppendText appends what Text returns to dst, and nothing for a list or
// struct.
func (v Value) AppendText(dst []byte) []byte {
	switch v.kind {
	case KindBool:
		return strconv.AppendBool(dst, v.Bool())
	case KindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case KindFloat:
		return AppendFloat(dst, v.Float())
	case KindString:
		return append(dst, v.Str()...)
	case KindBytes:
		return append(dst, v.Bytes()...)
	case KindTime:
		return v.Time().AppendFormat(dst, time.RFC3339Nano)
	}
	return dst
}

// Equal reports whether v and w are of one kind and hold the same. NaN equals
// itself.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case KindString:
		return v.Str() == w.Str()
	case KindBytes:
		return bytes.Equal(v.Bytes(), w.Bytes())
	case KindFloat:
		return v.Float() == w.Float() || math.IsNaN(v.Float()) && math.IsNaN(w.Float())
	case KindList:
		return equal(v.List(), w.List(), Value.Equal)
	case KindStruct:
		return equal(v.Fields(), w.Fields(), func(f, g Field) bool { return f.Name == g.Name && f.Value.Equal(g.Value) })
	}
	return v.num == w.num
}

func equal[T any](a, b []T, same func(T, T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Clone returns a copy that shares no list, struct or bytes with v. Strings
// are immutable and stay shared.
func (v Value) Clone() Value {
	switch v.kind {
	case KindBytes:
		return Bytes(bytes.Clone(v.Bytes()))
	case KindList:
		vs := make([]Value, v.num)
		for i, e := range v.List() {
			vs[i] = e.Clone()
		}
		return List(vs)
	case KindStruct:
		fs := make([]Field, v.num)
		for i, f := range v.Fields() {
			fs[i] = Field{f.Name, f.Value.Clone()}
		}
		return Struct(fs)
	}
	return v
}

// String returns the value for a person: in messages and in tests.
func (v Value) String() string {
	switch v.kind {
	case KindNull:
		return "null"
	case KindString:
		return strconv.Quote(v.Str())
	case KindBytes:
		return fmt.Sprintf("bytes(%q)", v.Bytes())
	case KindList:
		return fmt.Sprint(v.List())
	case KindStruct:
		var b bytes.Buffer
		b.WriteByte('{')
		for i, f := range v.Fields() {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%s: %v", f.Name, f.Value)
		}
		b.WriteByte('}')
		return b.String()
	}
	s, _ := v.Text()
	return s
}
