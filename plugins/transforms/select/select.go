// Package selectfields is the select transform, which keeps the named fields;
// select is a keyword of Go.
package selectfields

import (
	"context"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_      struct{}     `doc:"keeps the named fields, in the order in which they are named here. A record that lacks one of them fails" example:"select: [sensor, value]"`
	Fields fields.Names `yaml:",inline" doc:"the fields to keep"`
}

func init() {
	pipeline.RegisterTransform("select", Options{}, open)
}

type selectFields struct {
	fields []fields.Ref
	kept   []pipeline.Field
}

var _ pipeline.Transform = (*selectFields)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	return &selectFields{fields: fields.Refs(o.Fields), kept: make([]pipeline.Field, len(o.Fields))}, nil
}

// Apply implements pipeline.Transform.
func (t *selectFields) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	for i := range t.fields {
		at, err := t.fields[i].Find(fs)
		if err != nil {
			return err
		}
		t.kept[i] = fs[at]
	}
	// The fields behind are cleared, not just cut off: a codec that uses the
	// record's memory again must not find one nested value in two places.
	clear(fs[copy(fs, t.kept):])
	r.Value = pipeline.Struct(fs[:len(t.kept)])
	return nil
}

// Close implements pipeline.Transform.
func (t *selectFields) Close() error { return nil }
