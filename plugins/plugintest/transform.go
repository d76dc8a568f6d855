package plugintest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// Filtered is the result of a record that a transform takes out.
const Filtered = "filtered"

// TransformCase is one record and what a transform makes of it.
type TransformCase struct {
	Options string // such as "select: [a, b]"
	In      string // the record's value, such as "{a: 1, b: 2.0}"
	Want    string // the value after it, or Filtered
	Err     string // or the Permanent error
}

// Transform runs a table of cases, of which each has a transform of its own,
// and the conformance suite, which takes the first of them.
func Transform(t *testing.T, cases []TransformCase) {
	for _, c := range cases {
		t.Run(c.Options+"/"+c.In, func(t *testing.T) {
			r := pipeline.Record{Value: Value(t, c.In)}
			Apply(t, OpenTransform(t, c.Options), &r, c.Want, c.Err)
		})
	}
	c := cases[0]
	subtest(t, "options", func(t *testing.T) { checkOptions(t, "transform", pipeline.BindTransform, c.Options) })
	subtest(t, "close", func(t *testing.T) { transformCloses(t, c) })
	subtest(t, "any value", func(t *testing.T) { takesAnyValue(t, c) })
	subtest(t, "records of their own", func(t *testing.T) { sharesNothing(t, c) })
}

// Apply applies tr to r and compares the result with what is wanted; see
// TransformCase. A record that fails, or is filtered, must stay as it was.
func Apply(t *testing.T, tr pipeline.Transform, r *pipeline.Record, want, wantErr string) {
	t.Helper()
	before := r.Value.Clone().String()
	err := within(t, "Apply of "+before, func() error { return tr.Apply(t.Context(), r) })
	if err != nil && r.Value.String() != before {
		t.Errorf("%v: the record became %v and was %v", err, r.Value, before)
	}
	switch {
	case wantErr != "":
		if err == nil || err.Error() != wantErr {
			t.Errorf("%v: error\n  %v, want\n  %v", before, err, wantErr)
		}
		if !pipeline.IsPermanent(err) {
			t.Errorf("%v is not permanent", err)
		}
	case want == Filtered:
		if err != pipeline.ErrFiltered {
			t.Errorf("%v stays with error %v, want it filtered", before, err)
		}
	case err != nil:
		t.Errorf("%v: %v", before, err)
	default:
		if diff := cmp.Diff(want, r.Value.String()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", before, diff)
		}
	}
}

// OpenTransform binds and opens a transform, and closes it after the test.
func OpenTransform(t testing.TB, options string) pipeline.Transform {
	t.Helper()
	tr := mustOpen(t, pipeline.BindTransform, options, nil)
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// transformCloses: at once, and after a context that is done.
func transformCloses(t *testing.T, c TransformCase) {
	closeTwice(t, mustOpen(t, pipeline.BindTransform, c.Options, nil))

	tr := mustOpen(t, pipeline.BindTransform, c.Options, nil)
	r := pipeline.Record{Value: Value(t, c.In)}
	// It may be done with the record before it looks.
	_ = within(t, "Apply with a context that is done", func() error { return tr.Apply(cancelled(), &r) })
	closeTwice(t, tr)
}

// takesAnyValue: what a record's value is, is up to the pipeline's writer.
func takesAnyValue(t *testing.T, c TransformCase) {
	tr := OpenTransform(t, c.Options)
	for _, text := range []string{"null", "true", "1", "1.5", "text", "[1, {a: 2}]", "{}", "{a: null}", c.In} {
		r := pipeline.Record{Value: Value(t, text)}
		before := r.Value.Clone()
		if err := within(t, "Apply of "+text, func() error { return tr.Apply(t.Context(), &r) }); err != nil && !r.Value.Equal(before) {
			t.Errorf("%v: the record became %v and was %v", err, r.Value, before)
		}
	}
}

// sharesNothing: a record's memory is used again, which must not be seen in
// another record.
func sharesNothing(t *testing.T, c TransformCase) {
	tr := OpenTransform(t, c.Options)
	one, other := pipeline.Record{Value: Value(t, c.In)}, pipeline.Record{Value: Value(t, c.In)}
	if err := tr.Apply(t.Context(), &one); err != nil {
		t.Skip(err)
	}
	if err := tr.Apply(t.Context(), &other); err != nil {
		t.Skip(err)
	}
	want := other.Value.Clone()
	scribble(one.Value)
	if !other.Value.Equal(want) {
		t.Errorf("a record changes with another one: it was %v and is %v", want, other.Value)
	}
}

// scribble writes over the memory of a value, as the next batch will.
func scribble(v pipeline.Value) {
	switch v.Kind() {
	case pipeline.KindList:
		for _, e := range v.List() {
			scribble(e)
		}
		clear(v.List())
	case pipeline.KindStruct:
		for _, f := range v.Fields() {
			scribble(f.Value)
		}
		clear(v.Fields())
	}
}
