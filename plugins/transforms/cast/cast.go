// Package cast is the transform that changes the types of fields.
package cast

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_      struct{}                 `doc:"changes the types of fields. Nothing is ever lost: 51.0 can be an int, 51.5 can't. Null stays null. A record whose field is missing or can't have the type fails" example:"cast: {timestamp: time}"`
	Fields pipeline.Pairs[typeName] `yaml:",inline" doc:"the type that each field gets. int: of a whole float, a text such as 51 or 51.0, true (1) or false (0). float: of an int that it holds exactly, or a text such as 51.5. bool: of the texts true and false in small or capital letters, or 1 and 0. string: of all but lists and structs. time: of RFC 3339 or a text such as 2021-01-01 00:00:00.5 or 2021-01-01 (UTC if it names no zone), or of seconds since 1970 as int or float"`
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	if len(o.Fields) == 0 {
		return errors.New("wants one or more fields, written {name: type}")
	}
	return nil
}

func init() {
	pipeline.RegisterTransform("cast", Options{}, open)
}

type cast struct {
	fields []field
	cast   []pipeline.Value // kept until all fields of a record have succeeded
}

type field struct {
	fields.Ref
	typeName
	convert converter
	at      int
}

// converter makes a value of one type from another one that is not null, or
// says why it can't.
type converter func(pipeline.Value) (pipeline.Value, error)

var _ pipeline.Transform = (*cast)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	t := &cast{cast: make([]pipeline.Value, len(o.Fields))}
	for _, f := range o.Fields {
		t.fields = append(t.fields, field{fields.Ref{Name: f.Name}, f.Value, newConverter(f.Value), 0})
	}
	return t, nil
}

// Apply implements pipeline.Transform.
func (t *cast) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	for i := range t.fields {
		f := &t.fields[i]
		if f.at, err = f.Find(fs); err != nil {
			return err
		}
		t.cast[i] = fs[f.at].Value
		if t.cast[i].IsNull() {
			continue
		}
		if t.cast[i], err = f.convert(t.cast[i]); err != nil {
			return pipeline.Permanent(fmt.Errorf("field %q can't be cast to %s: %s %w", f.Name, f.typeName, shorten(fs[f.at].Value), err))
		}
	}
	for i := range t.fields {
		fs[t.fields[i].at].Value = t.cast[i]
	}
	return nil
}

// shorten keeps a message readable when the value is not.
func shorten(v pipeline.Value) string {
	const most = 60
	if s := []rune(v.String()); len(s) > most {
		return string(s[:most]) + "…"
	}
	return v.String()
}

// Close implements pipeline.Transform.
func (t *cast) Close() error { return nil }
