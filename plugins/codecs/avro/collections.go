package avro

import (
	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

type arrayType struct{ items node }

func (t *arrayType) String() string { return "array of " + t.items.String() }

func (t *arrayType) encode(w *hamba.Writer, v pipeline.Value) error {
	if v.Kind() != pipeline.KindList {
		return misfit(t, v)
	}
	vs := v.List()
	if len(vs) > 0 {
		w.WriteLong(int64(len(vs)))
	}
	for i := range vs {
		if err := t.items.encode(w, vs[i]); err != nil {
			return values.InElement(err, i)
		}
	}
	w.WriteLong(0)
	return nil
}

func (t *arrayType) decode(d *decoder) (pipeline.Value, error) {
	start := len(d.values)
	err := d.each(func() error {
		v, err := t.items.decode(d)
		if err != nil {
			return values.InElement(err, len(d.values)-start)
		}
		d.values = append(d.values, v)
		return nil
	})
	if err != nil {
		return pipeline.Null(), err
	}
	vs := d.slabs.Values(len(d.values) - start)
	copy(vs, d.values[start:])
	d.values = d.values[:start]
	return pipeline.List(vs), nil
}

type mapType struct{ values node }

func (t *mapType) String() string { return "map of " + t.values.String() }

func (t *mapType) encode(w *hamba.Writer, v pipeline.Value) error {
	if v.Kind() != pipeline.KindStruct {
		return misfit(t, v)
	}
	fs := v.Fields()
	if len(fs) > 0 {
		w.WriteLong(int64(len(fs)))
	}
	for i := range fs {
		err := stringType{}.encode(w, pipeline.String(fs[i].Name))
		if err == nil {
			err = t.values.encode(w, fs[i].Value)
		}
		if err != nil {
			return values.InField(err, fs[i].Name)
		}
	}
	w.WriteLong(0)
	return nil
}

// decode keeps the order of the entries.
func (t *mapType) decode(d *decoder) (pipeline.Value, error) {
	start := len(d.fields)
	err := d.each(func() error {
		name, err := d.text()
		if err != nil {
			return err
		}
		v, err := t.values.decode(d)
		if err != nil {
			return values.InField(err, name)
		}
		d.fields = append(d.fields, pipeline.Field{Name: name, Value: v})
		return nil
	})
	if err != nil {
		return pipeline.Null(), err
	}
	fs := d.slabs.Fields(len(d.fields) - start)
	copy(fs, d.fields[start:])
	d.fields = d.fields[:start]
	return pipeline.Struct(fs), nil
}
