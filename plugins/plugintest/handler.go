package plugintest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// HandlerCase is one record and what a handler makes of it.
type HandlerCase struct {
	Options string   // such as "limits: {field: value, above: 55}"
	In      string   // the record's value, such as "{a: 1, b: 2.0}"
	Want    []string // the values of the results; nil: there are none
	Err     string   // or how the record fails
}

// Handler runs a table of cases, of which each has a handler of its own, and
// the conformance suite, which takes the first of them.
func Handler(t *testing.T, cases []HandlerCase) {
	for _, c := range cases {
		t.Run(c.Options+"/"+c.In, func(t *testing.T) {
			h := c.open(t)
			checkHandled(t, h, []HandlerCase{c})
			closeTwice(t, h)
		})
	}
	c := cases[0]
	subtest(t, "options", func(t *testing.T) { checkOptions(t, "handler", pipeline.BindHandler, c.Options) })
	subtest(t, "close", func(t *testing.T) { closeTwice(t, c.open(t)) })
	subtest(t, "context", func(t *testing.T) { handlerGivesUp(t, c) })
	subtest(t, "any value", func(t *testing.T) { handlesAnyValue(t, c) })
	subtest(t, "batch", func(t *testing.T) { handlesBatches(t, cases) })
}

func (c HandlerCase) open(t *testing.T) pipeline.Handler {
	t.Helper()
	return mustOpen(t, pipeline.BindHandler, c.Options, nil)
}

// handle has h handle values, each a record, and returns the results of each,
// or its failure.
func handle(ctx context.Context, t *testing.T, h pipeline.Handler, values []string) (results [][]string, failures []error, err error) {
	t.Helper()
	b := &pipeline.Batch{}
	for i, v := range values {
		fill(b.Add(len(v)), i)
		b.Records[i].Value, b.Records[i].Encoded = Value(t, v), nil // as among transforms
	}
	var out pipeline.Results
	out.Reset(b)
	err = within(t, "Handle of "+strings.Join(values, " and "), func() error { return h.Handle(ctx, b, &out) })
	results, failures = make([][]string, len(values)), make([]error, len(values))
	for from, r := range out.All() {
		results[from] = append(results[from], r.Value.String())
	}
	for i := range b.Records {
		if f := b.Records[i].Failure; f != nil {
			results[i], failures[i] = nil, f.Err
		}
	}
	return results, failures, err
}

// checkHandled has h handle the cases as one batch.
func checkHandled(t *testing.T, h pipeline.Handler, cases []HandlerCase) {
	t.Helper()
	var values []string
	for _, c := range cases {
		values = append(values, c.In)
	}
	results, failures, err := handle(t.Context(), t, h, values)
	if err != nil && len(cases) == 1 {
		failures[0] = err
	} else if err != nil {
		t.Fatalf("the batch fails: %v", err)
	}
	for i, c := range cases {
		switch {
		case c.Err == "" && failures[i] != nil:
			t.Errorf("%s: %v", c.In, failures[i])
		case c.Err != "" && (failures[i] == nil || failures[i].Error() != c.Err):
			t.Errorf("%s: error\n  %v, want\n  %v", c.In, failures[i], c.Err)
		}
		if diff := cmp.Diff(c.Want, results[i]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.In, diff)
		}
	}
}

// handlesBatches gives the cases that have the first one's options as one
// batch, and then again: one record is nothing to another.
func handlesBatches(t *testing.T, cases []HandlerCase) {
	var same []HandlerCase
	for _, c := range cases {
		if c.Options == cases[0].Options {
			same = append(same, c)
		}
	}
	h := cases[0].open(t)
	for range 2 {
		checkHandled(t, h, same)
	}
	closeTwice(t, h)
}

// handlesAnyValue: what a record's value is, is up to the pipeline's writer.
func handlesAnyValue(t *testing.T, c HandlerCase) {
	h := c.open(t)
	for _, text := range []string{"null", "true", "1", "1.5", "text", "[1, {a: 2}]", "{}", "{a: null}", c.In} {
		_, _, _ = handle(t.Context(), t, h, []string{text}) // it may fail, but not panic
	}
	closeTwice(t, h)
}

func handlerGivesUp(t *testing.T, c HandlerCase) {
	h := c.open(t)
	// It may be done with the record before it looks.
	if _, _, err := handle(cancelled(), t, h, []string{c.In}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
	closeTwice(t, h)
}
