package avro

import (
	"fmt"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

type recordType struct {
	name   string
	fields []field
	index  map[string]int // of the fields, by their names and aliases
	drop   bool           // the fields that the schema lacks

	shapes []*shape // of the structs encoded lately
	oldest int      // of them
}

type field struct {
	name string
	typ  node

	def     pipeline.Value // the default as the schema has it, if hasDef
	hasDef  bool
	missing []byte // what is written for a struct without the field; nil: that is an error
}

// shape is where the fields of structs lie. Structs of one stream have one
// shape as a rule, so that no field has to be looked for.
type shape struct {
	names  []string // of the struct's fields
	places []int    // of the record's fields in it; -1 is none
}

// maxShapes is how many shapes are remembered, for a recursive record.
const maxShapes = 4

func (t *recordType) String() string { return "record " + t.name }

func (t *recordType) encode(w *hamba.Writer, v pipeline.Value) error {
	if v.Kind() != pipeline.KindStruct {
		return misfit(t, v)
	}
	fs := v.Fields()
	s, err := t.shapeOf(fs)
	if err != nil {
		return err
	}
	for i, place := range s.places {
		f := &t.fields[i]
		if place < 0 {
			_, _ = w.Write(f.missing)
			continue
		}
		if err := f.typ.encode(w, fs[place].Value); err != nil {
			return values.InField(err, f.name)
		}
	}
	return nil
}

// shapeOf returns the shape of a struct that can be written as this record.
func (t *recordType) shapeOf(fs []pipeline.Field) (*shape, error) {
	for _, s := range t.shapes {
		if s.is(fs) {
			return s, nil
		}
	}
	s, err := t.newShape(fs)
	if err != nil {
		return nil, err
	}
	if len(t.shapes) < maxShapes {
		t.shapes = append(t.shapes, s)
	} else {
		t.shapes[t.oldest] = s
		t.oldest = (t.oldest + 1) % maxShapes
	}
	return s, nil
}

func (s *shape) is(fs []pipeline.Field) bool {
	if len(fs) != len(s.names) {
		return false
	}
	for i, name := range s.names {
		if fs[i].Name != name {
			return false
		}
	}
	return true
}

func (t *recordType) newShape(fs []pipeline.Field) (*shape, error) {
	s := &shape{make([]string, len(fs)), make([]int, len(t.fields))}
	for i := range s.places {
		s.places[i] = -1
	}
	for place, f := range fs {
		s.names[place] = f.Name
		i, known := t.index[f.Name]
		switch {
		case !known && t.drop:
		case !known:
			return nil, values.InField(&values.Error{What: fmt.Sprintf("is not in the schema's %v: add it there, remove it before, or say extra_fields: drop", t)}, f.Name)
		case s.places[i] >= 0:
			return nil, values.InField(&values.Error{What: fmt.Sprintf("is another name of %s, which is there too", t.fields[i].name)}, f.Name)
		default:
			s.places[i] = place
		}
	}
	for i, place := range s.places {
		if f := &t.fields[i]; place < 0 && f.missing == nil {
			return nil, values.InField(&values.Error{What: fmt.Sprintf("wants %v, but is missing, and the schema has no default for it", f.typ)}, f.name)
		}
	}
	return s, nil
}

func (t *recordType) decode(d *decoder) (pipeline.Value, error) {
	if err := d.enter(); err != nil {
		return pipeline.Null(), err
	}
	fs := d.room(len(t.fields))
	for i := range t.fields {
		f := &t.fields[i]
		v, err := f.typ.decode(d)
		if err != nil {
			return pipeline.Null(), values.InField(err, f.name)
		}
		fs[i].Name, fs[i].Value = f.name, v
	}
	d.leave()
	return pipeline.Struct(fs), nil
}
