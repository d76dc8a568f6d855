// Package filter is the transform that keeps the records for which a
// comparison holds.
package filter

import (
	"context"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

// Options are the options of the transform.
type Options struct {
	_         struct{}  `doc:"keeps the records for which a comparison holds, such as: value > 10. Several filters in a row must all hold. A record that lacks the field, or whose value can't be compared so, fails" example:"filter: value > 50"`
	Condition condition `yaml:",inline" doc:"a field, an operator (== != < <= > >=), and a number, a text, true, false or null. Text that is more than one word, or that looks like one of the others, stands in quotes, and so does such a field. Numbers compare exactly, whether int or float; texts byte by byte; times with a text such as 2021-01-01. Null equals null alone and is neither less nor greater than anything"`
}

func init() {
	pipeline.RegisterTransform("filter", Options{}, open)
}

type filter struct {
	condition
	ref fields.Ref
}

var _ pipeline.Transform = (*filter)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	return &filter{o.Condition, fields.Ref{Name: o.Condition.field}}, nil
}

// Apply implements pipeline.Transform.
func (t *filter) Apply(_ context.Context, r *pipeline.Record) error {
	fs, err := fields.Of(r)
	if err != nil {
		return err
	}
	at, err := t.ref.Find(fs)
	if err != nil {
		return err
	}
	holds, ok := t.holds(fs[at].Value)
	if !ok {
		return t.incomparable(fs[at].Value)
	}
	if !holds {
		return pipeline.ErrFiltered
	}
	return nil
}

func (t *filter) incomparable(v pipeline.Value) error {
	advice := ""
	switch {
	case v.Kind() == pipeline.KindTime:
		advice = "; write a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m"
	case v.Kind() == pipeline.KindString:
		advice = fmt.Sprintf("; cast the field before, or write '%v' to compare text", t.literal)
	}
	return pipeline.Permanent(fmt.Errorf("field %q is of type %s and can't be compared with the %s in: %s%s",
		t.field, v.Kind(), t.literal.Kind(), t.text, advice))
}

// Close implements pipeline.Transform.
func (t *filter) Close() error { return nil }
