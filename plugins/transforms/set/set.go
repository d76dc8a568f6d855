// Package set is the transform that sets fields to constants.
package set

import (
	"context"
	"errors"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_      struct{}                       `doc:"sets fields to constants. A field that is there keeps its place, a new one is added at the end" example:"set: {site: north, version: 2}"`
	Fields pipeline.Pairs[pipeline.Value] `yaml:",inline" doc:"the fields and their values: text, numbers, true, false, null, lists and mappings"`
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	if len(o.Fields) == 0 {
		return errors.New("wants one or more fields, written {name: value}")
	}
	return nil
}

func init() {
	pipeline.RegisterTransform("set", Options{}, open)
}

type set struct {
	fields []fields.Ref
	values []pipeline.Value
}

var _ pipeline.Transform = (*set)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	t := &set{}
	for _, f := range o.Fields {
		t.fields = append(t.fields, fields.Ref{Name: f.Name})
		t.values = append(t.values, f.Value)
	}
	return t, nil
}

// Apply implements pipeline.Transform.
func (t *set) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	for i := range t.fields {
		at := t.fields[i].Index(fs)
		if at < 0 {
			at = len(fs)
			fs = append(fs, pipeline.Field{Name: t.fields[i].Name})
		}
		// A clone, which only lists and structs pay for: a record's memory is
		// its own, and is used again.
		fs[at].Value = t.values[i].Clone()
	}
	r.Value = pipeline.Struct(fs)
	return nil
}

// Close implements pipeline.Transform.
func (t *set) Close() error { return nil }
