// Package rename is the transform that gives fields new names.
package rename

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_      struct{}               `doc:"gives fields new names; they stay where they are. A record that lacks one of them, or already has a field of a new name, fails" example:"rename: {sensor: place}"`
	Fields pipeline.Pairs[string] `yaml:",inline" doc:"the new name for each old one, all at once: {a: b, b: a} swaps two fields"`
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	if len(o.Fields) == 0 {
		return errors.New("wants one or more fields, written {old: new}")
	}
	var errs []error
	from := map[string]string{} // new name: old name
	for _, f := range o.Fields {
		if before, taken := from[f.Value]; taken {
			errs = append(errs, &pipeline.FieldError{Option: f.Name, Err: fmt.Errorf("%s gets the name %q already", before, f.Value)})
		}
		from[f.Value] = f.Name
	}
	return errors.Join(errs...)
}

func init() {
	pipeline.RegisterTransform("rename", Options{}, open)
}

type rename struct {
	old []fields.Ref
	new []string
	at  []int // where a record has the old names
}

var _ pipeline.Transform = (*rename)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	t := &rename{at: make([]int, len(o.Fields))}
	for _, f := range o.Fields {
		t.old = append(t.old, fields.Ref{Name: f.Name})
		t.new = append(t.new, f.Value)
	}
	return t, nil
}

// Apply implements pipeline.Transform.
func (t *rename) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	for i := range t.old {
		if t.at[i], err = t.old[i].Find(fs); err != nil {
			return err
		}
	}
	for i, at := range t.at {
		fs[at].Name = t.new[i]
	}
	if err := t.clash(fs); err != nil {
		for i, at := range t.at {
			fs[at].Name = t.old[i].Name
		}
		return err
	}
	return nil
}

// clash reports a new name that another field has too.
func (t *rename) clash(fs []pipeline.Field) error {
	for i, name := range t.new {
		for j := range fs {
			if fs[j].Name == name && j != t.at[i] {
				return pipeline.Permanent(fmt.Errorf("%q can't be renamed: the record already has a field %q", t.old[i].Name, name))
			}
		}
	}
	return nil
}

// Close implements pipeline.Transform.
func (t *rename) Close() error { return nil }
