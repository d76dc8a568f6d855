// Package remove is the transform that removes the named fields.
package remove

import (
	"context"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_      struct{}     `doc:"removes the named fields. A record that lacks one of them fails, so that a misspelt name keeps nothing secret by mistake"`
	Fields fields.Names `yaml:",inline" doc:"the fields to remove"`
}

func init() {
	pipeline.RegisterTransform("remove", Options{}, open)
}

type remove struct{ fields []fields.Ref }

var _ pipeline.Transform = (*remove)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	return &remove{fields.Refs(o.Fields)}, nil
}

// Apply implements pipeline.Transform.
func (t *remove) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	for i := range t.fields {
		if _, err := t.fields[i].Find(fs); err != nil {
			return err
		}
	}
	kept := fs[:0]
	for _, f := range fs {
		if !t.removes(f.Name) {
			kept = append(kept, f)
		}
	}
	// Cleared, so that a codec that uses the record's memory again does not
	// find one nested value in two places.
	clear(fs[len(kept):])
	r.Value = pipeline.Struct(kept)
	return nil
}

func (t *remove) removes(name string) bool {
	for i := range t.fields {
		if t.fields[i].Name == name {
			return true
		}
	}
	return false
}

// Close implements pipeline.Transform.
func (t *remove) Close() error { return nil }
