// Package average is the transform that adds a moving mean to every record.
//
// It is also the example of a function of one's own that remembers something
// from record to record: copy its folder, and change what Apply does.
package average

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the transform.
type Options struct {
	_       struct{}      `doc:"adds to every record the moving mean of a field, and of how many records it is the mean, for each key on its own. Nulls don't count. A record that lacks a field, or whose field is not a number, fails. A key takes up to 100 bytes of memory for each record of its window, and is never forgotten" example:"average: {field: value, key: sensor, records: 10}"`
	Field   string        `yaml:"field" doc:"the field with the number"`
	Key     string        `yaml:"key" doc:"the field whose text is the key; without it, the key is the one that the record has in Kafka"`
	Records int           `yaml:"records" doc:"the window: this many records, the newest included"`
	Window  time.Duration `yaml:"window" doc:"or the window: this much event time up to the newest record, such as 1m. An earlier record counts as if it came at the newest time seen; one that is earlier by a whole window begins anew"`
	Average string        `yaml:"average" doc:"the name of the field that is added for the mean; null if there are only nulls"`
	Count   string        `yaml:"count" doc:"the name of the field that is added for the count"`
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	check := func(ok bool, option, message string) {
		if !ok {
			errs = append(errs, &pipeline.FieldError{Option: option, Err: errors.New(message)})
		}
	}
	check(o.Field != "", "field", "wants the name of a field")
	check(o.Records >= 0, "records", "wants 1 or more")
	check(o.Window >= 0, "window", "wants a duration above 0")
	check(o.Records != 0 || o.Window != 0, "records", "wants either a number of records or, in its place, a window such as 1m")
	check(o.Records == 0 || o.Window == 0, "window", "can't be set together with records")
	check(o.Average != "", "average", "wants a name")
	check(o.Count != "" && o.Count != o.Average, "count", "wants a name of its own")
	return errors.Join(errs...)
}

func init() {
	pipeline.RegisterTransform("average", Options{Average: "average", Count: "count"}, open)
}

type average struct {
	Options
	windows map[string]*window // by key
	key     []byte             // the key of the record at hand, where it is a field
}

var _ pipeline.Transform = (*average)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Transform, error) {
	return &average{Options: o, windows: map[string]*window{}}, nil
}

// Apply implements pipeline.Transform. All that can fail comes first: a record
// that fails must stay as it was and count for nothing, as it may come again.
func (a *average) Apply(_ context.Context, r *pipeline.Record) error {
	value, err := a.valueOf(r)
	if err != nil {
		return pipeline.Permanent(err)
	}
	key, err := a.keyOf(r)
	if err != nil {
		return pipeline.Permanent(err)
	}
	if err := a.check(r); err != nil {
		return pipeline.Permanent(err)
	}

	w := a.windows[string(key)]
	if w == nil {
		w = &window{}
		a.windows[string(key)] = w
	}
	if a.Window > 0 {
		w.advance(r.Time.UnixNano(), a.Window.Nanoseconds())
	}
	if number, ok := value.Number(); ok {
		w.add(number)
	}
	if a.Records > 0 && w.count() > a.Records {
		w.drop()
	}

	mean := pipeline.Null()
	if w.count() > 0 {
		mean = pipeline.Float(w.mean())
	}
	r.Set(a.Average, mean)
	r.Set(a.Count, pipeline.Int(int64(w.count())))
	return nil
}

// valueOf returns the field to average, which is a number or null.
func (a *average) valueOf(r *pipeline.Record) (pipeline.Value, error) {
	v, ok := r.Lookup(a.Field)
	if !ok {
		return v, fmt.Errorf("the record has no field %q", a.Field)
	}
	if _, ok := v.Number(); !ok && !v.IsNull() {
		return v, fmt.Errorf("field %q is of type %s, not a number; cast it before", a.Field, v.Kind())
	}
	return v, nil
}

func (a *average) keyOf(r *pipeline.Record) ([]byte, error) {
	if a.Key == "" {
		return r.Key, nil
	}
	v, ok := r.Lookup(a.Key)
	if !ok {
		return nil, fmt.Errorf("the record has no field %q to be the key", a.Key)
	}
	if k := v.Kind(); k == pipeline.KindList || k == pipeline.KindStruct {
		return nil, fmt.Errorf("field %q is of type %s and can't be a key", a.Key, k)
	}
	a.key = v.AppendText(a.key[:0])
	return a.key, nil
}

// check reports what else the record can't be averaged for.
func (a *average) check(r *pipeline.Record) error {
	if a.Window > 0 && r.Time.IsZero() {
		return errors.New("the record has no event time; average over a number of records instead of a window")
	}
	for _, name := range []string{a.Average, a.Count} {
		if _, taken := r.Lookup(name); taken {
			return fmt.Errorf("the record already has a field %q; name another with the options average and count", name)
		}
	}
	return nil
}

// Close implements pipeline.Transform.
func (a *average) Close() error { return nil }
