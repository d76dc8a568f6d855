package avro

import (
	"fmt"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// writeDefault writes a default as it stands in a schema. Where JSON lacks a
// type the specification has rules of its own: bytes are texts, each character
// a byte, and a union's default is of its first type.
func writeDefault(w *hamba.Writer, t node, v pipeline.Value, depth int) error {
	if depth > maxDepth {
		return &values.Error{What: "never ends, as it holds itself"}
	}
	if base := bytesBelow(t); base != nil && v.Kind() == pipeline.KindString {
		raw, err := bytesOf(t, v)
		if err != nil {
			return err
		}
		return base.encode(w, pipeline.Bytes(raw))
	}
	switch t := t.(type) {
	case *unionType:
		w.WriteLong(0)
		return writeDefault(w, t.types[0], v, depth+1)
	case *recordType:
		return t.writeDefault(w, v, depth)
	case *mapType:
		return t.writeDefault(w, v, depth)
	case *arrayType:
		return t.writeDefault(w, v, depth)
	}
	return t.encode(w, v)
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

func (t *recordType) writeDefault(w *hamba.Writer, v pipeline.Value, depth int) error {
	if v.Kind() != pipeline.KindStruct {
		return misfit(t, v)
	}
	r := pipeline.Record{Value: v}
	for i := range t.fields {
		f := &t.fields[i]
		def, ok := r.Lookup(f.name)
		if !ok {
			if def, ok = f.def, f.hasDef; !ok {
				return values.InField(&values.Error{What: "is missing"}, f.name)
			}
		}
		if err := writeDefault(w, f.typ, def, depth+1); err != nil {
			return values.InField(err, f.name)
		}
	}
	return nil
}

func (t *mapType) writeDefault(w *hamba.Writer, v pipeline.Value, depth int) error {
	if v.Kind() != pipeline.KindStruct {
		return misfit(t, v)
	}
	fs := v.Fields()
	if len(fs) > 0 {
		w.WriteLong(int64(len(fs)))
	}
	for _, f := range fs {
		w.WriteString(f.Name)
		if err := writeDefault(w, t.values, f.Value, depth+1); err != nil {
			return values.InField(err, f.Name)
		}
	}
	w.WriteLong(0)
	return nil
}

func (t *arrayType) writeDefault(w *hamba.Writer, v pipeline.Value, depth int) error {
	if v.Kind() != pipeline.KindList {
		return misfit(t, v)
	}
	vs := v.List()
	if len(vs) > 0 {
		w.WriteLong(int64(len(vs)))
	}
	for i := range vs {
		if err := writeDefault(w, t.items, vs[i], depth+1); err != nil {
			return values.InElement(err, i)
		}
	}
	w.WriteLong(0)
	return nil
}
