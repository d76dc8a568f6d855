// Package remove is the transform that removes the named fields.
package remove

import (
	"context"
	"slices"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_      struct{}     `doc:"removes the named fields. A record that lacks one of them fails, so that a misspelt name keeps nothing secret by mistake" example:"remove: [status]"`
	Fields fields.Names `yaml:",inline" doc:"the fields to remove"`
}

func init() {
	pipeline.RegisterTransform("remove", Options{}, open)
}

type remove struct {
	fields []fields.Ref
	at     []int // where a record has them
}

var _ pipeline.Transform = (*remove)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	return &remove{fields.Refs(o.Fields), make([]int, len(o.Fields))}, nil
}

// Apply implements pipeline.Transform.
func (t *remove) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	for i := range t.fields {
		if t.at[i], err = t.fields[i].Find(fs); err != nil {
			return err
		}
	}
	// From the back, as each deletion moves what is behind it. Delete clears
	// the end, so that a codec that uses the record's memory again does not
	// find one nested value in two places.
	slices.Sort(t.at)
	for _, i := range slices.Backward(t.at) {
		fs = slices.Delete(fs, i, i+1)
	}
	r.Value = pipeline.Struct(fs)
	return nil
}

// Close implements pipeline.Transform.
func (t *remove) Close() error { return nil }
