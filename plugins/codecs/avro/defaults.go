package avro

import (
	"encoding/binary"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// appendDefault appends a default as it stands in a schema. Where JSON lacks a
// type the specification has rules of its own: bytes are texts, each character
// a byte, and a union's default is of its first type.
func appendDefault(dst []byte, t node, v pipeline.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, &values.Error{What: "never ends, as it holds itself"}
	}
	if base := bytesBelow(t); base != nil && v.Kind() == pipeline.KindString {
		raw, err := bytesOf(t, v)
		if err != nil {
			return dst, err
		}
		return base.encode(dst, pipeline.Bytes(raw))
	}
	switch t := t.(type) {
	case *unionType:
		return appendDefault(binary.AppendVarint(dst, 0), t.types[0], v, depth+1)
	case *recordType:
		return t.appendDefault(dst, v, depth)
	case *mapType:
		return t.appendDefault(dst, v, depth)
	case *arrayType:
		return t.appendDefault(dst, v, depth)
	}
	return t.encode(dst, v)
}

// bytesBelow returns the type of bytes that a type is written as, nil if it is
// written otherwise.
func bytesBelow(t node) node {
	size := 0
	switch t := t.(type) {
	case bytesType:
	case *fixedType:
		return t
	case *decimalType:
		size = t.size
	case *uuidType:
		if !t.fixed {
			return nil
		}
		size = 16
	default:
		return nil
	}
	if size == 0 {
		return bytesType{}
	}
	return &fixedType{t.String(), size}
}

func bytesOf(t node, v pipeline.Value) ([]byte, error) {
	var raw []byte
	for _, r := range v.Str() {
		if r > 0xff {
			return nil, misfitAs(t, v, fmt.Sprintf("has a character, %q, that is no byte", r))
		}
		raw = append(raw, byte(r))
	}
	return raw, nil
}

func (t *recordType) appendDefault(dst []byte, v pipeline.Value, depth int) ([]byte, error) {
	if v.Kind() != pipeline.KindStruct {
		return dst, misfit(t, v)
	}
	r := pipeline.Record{Value: v}
	for i := range t.fields {
		f := &t.fields[i]
		def, ok := r.Lookup(f.name)
		if !ok {
			if def, ok = f.def, f.hasDef; !ok {
				return dst, values.InField(&values.Error{What: "is missing"}, f.name)
			}
		}
		var err error
		if dst, err = appendDefault(dst, f.typ, def, depth+1); err != nil {
			return dst, values.InField(err, f.name)
		}
	}
	return dst, nil
}

func (t *mapType) appendDefault(dst []byte, v pipeline.Value, depth int) ([]byte, error) {
	if v.Kind() != pipeline.KindStruct {
		return dst, misfit(t, v)
	}
	fs := v.Fields()
	if len(fs) > 0 {
		dst = binary.AppendVarint(dst, int64(len(fs)))
	}
	for _, f := range fs {
		var err error
		if dst, err = appendDefault(appendText(dst, f.Name), t.values, f.Value, depth+1); err != nil {
			return dst, values.InField(err, f.Name)
		}
	}
	return append(dst, 0), nil
}

func (t *arrayType) appendDefault(dst []byte, v pipeline.Value, depth int) ([]byte, error) {
	if v.Kind() != pipeline.KindList {
		return dst, misfit(t, v)
	}
	vs := v.List()
	if len(vs) > 0 {
		dst = binary.AppendVarint(dst, int64(len(vs)))
	}
	for i := range vs {
		var err error
		if dst, err = appendDefault(dst, t.items, vs[i], depth+1); err != nil {
			return dst, values.InElement(err, i)
		}
	}
	return append(dst, 0), nil
}
