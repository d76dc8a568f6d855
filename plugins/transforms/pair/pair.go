// Package pair is the transform that makes a record a single name and value,
// both of them taken from its fields.
package pair

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_     struct{} `doc:"makes the record one field, whose name and value are those of two fields: {\"2021-01-01 00:00:00\": 51.0}. All other fields go" example:"pair: {name: timestamp, value: value}"`
	Name  string   `yaml:"name" doc:"the field whose text is the name; it must not be null, a list or a struct"`
	Value string   `yaml:"value" doc:"the field that is the value"`
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	for _, option := range []struct{ name, value string }{{"name", o.Name}, {"value", o.Value}} {
		if option.value == "" {
			errs = append(errs, &pipeline.FieldError{Option: option.name, Err: errors.New("wants the name of a field")})
		}
	}
	return errors.Join(errs...)
}

func init() {
	pipeline.RegisterTransform("pair", Options{}, open)
}

type pair struct{ name, value fields.Ref }

var _ pipeline.Transform = (*pair)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	return &pair{fields.Ref{Name: o.Name}, fields.Ref{Name: o.Value}}, nil
}

// Apply implements pipeline.Transform.
func (t *pair) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	name, err := t.name.Find(fs)
	if err != nil {
		return err
	}
	value, err := t.value.Find(fs)
	if err != nil {
		return err
	}
	text, ok := fs[name].Value.Text()
	if !ok || fs[name].Value.IsNull() {
		return pipeline.Permanent(fmt.Errorf("field %q is of type %s and can't be a name", t.name.Name, fs[name].Value.Kind()))
	}
	fs[0] = pipeline.Field{Name: text, Value: fs[value].Value}
	// Cleared, so that a codec that uses the record's memory again does not
	// find one nested value in two places.
	clear(fs[1:])
	r.Value = pipeline.Struct(fs[:1])
	return nil
}

// Close implements pipeline.Transform.
func (t *pair) Close() error { return nil }
