// Package transformtest tests transforms by tables of text: options and values
// are written as YAML, results as a Value prints itself.
package transformtest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
)

// Filtered is the result of a record that a transform takes out.
const Filtered = "filtered"

// Case is one record and what a transform makes of it.
type Case struct {
	Options string // such as "select: [a, b]"
	In      string // the record's value, such as "{a: 1, b: 2.0}"
	Want    string // the value after it, or Filtered
	Err     string // or the Permanent error
}

// Run applies each case's transform to its record. It also checks that a
// record which fails, or is filtered, stays as it was.
func Run(t *testing.T, cases []Case) {
	for _, c := range cases {
		t.Run(c.Options+"/"+c.In, func(t *testing.T) {
			r := pipeline.Record{Value: Value(t, c.In)}
			Apply(t, Open(t, c.Options), &r, c.Want, c.Err)
		})
	}
}

// Apply applies tr to r and compares the result with what is wanted; see Case.
func Apply(t *testing.T, tr pipeline.Transform, r *pipeline.Record, want, wantErr string) {
	t.Helper()
	before := r.Value.Clone().String()
	err := tr.Apply(t.Context(), r)
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

// Mistake is a transform's configuration and the mistakes in it, each of them
// "t.yaml:line:column: what", on a line of its own.
type Mistake struct{ Options, Want string }

// Mistakes binds the transforms and compares the errors.
func Mistakes(t *testing.T, cases []Mistake) {
	for _, c := range cases {
		t.Run(c.Options, func(t *testing.T) {
			_, err := pipeline.BindTransform(Node(t, c.Options))
			if err == nil {
				t.Fatalf("is accepted, want\n%s", c.Want)
			}
			if diff := cmp.Diff(c.Want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Node parses YAML as the file t.yaml.
func Node(t testing.TB, text string) pipeline.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return pipeline.Node{File: "t.yaml", YAML: doc.Content[0]}
}

// Value decodes a value that is written as YAML.
func Value(t testing.TB, text string) pipeline.Value {
	t.Helper()
	var v pipeline.Value
	if err := Node(t, text).Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// Open binds and opens a transform, and closes it after the test.
func Open(t testing.TB, options string) pipeline.Transform {
	t.Helper()
	bound, err := pipeline.BindTransform(Node(t, options))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := bound.Open(context.Background(), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// Wide is a record's value of fifteen columns, to measure with. Those named
// by transforms under test stand in the middle: timestamp, sensor and value.
var Wide = "{" + strings.Join([]string{
	"a1: 1", "a2: 2", "a3: 3", "a4: 4", "a5: 5", "a6: 6",
	`timestamp: "2021-01-01 00:00:00"`, "sensor: boiler", "value: 51.0",
	"b1: 1", "b2: 2", "b3: 3", "b4: 4", "b5: 5", "b6: 6",
}, ", ") + "}"

// Benchmark measures a transform's Apply on Wide, and what it takes to make
// the record new each time, which is about 15 ns.
func Benchmark(b *testing.B, options string) {
	tr := Open(b, options)
	fields := Value(b, Wide).Fields()
	work := make([]pipeline.Field, len(fields), 2*len(fields))
	var r pipeline.Record
	b.ReportAllocs()
	for b.Loop() {
		copy(work[:cap(work)], fields)
		r.Value = pipeline.Struct(work)
		if err := tr.Apply(context.Background(), &r); err != nil && err != pipeline.ErrFiltered {
			b.Fatal(err)
		}
	}
}

// NoAllocs checks that a transform allocates nothing in the steady state.
func NoAllocs(t *testing.T, options string) {
	t.Helper()
	tr := Open(t, options)
	fields := Value(t, Wide).Fields()
	work := make([]pipeline.Field, len(fields), 2*len(fields))
	var r pipeline.Record
	allocs := testing.AllocsPerRun(100, func() {
		copy(work[:cap(work)], fields)
		r.Value = pipeline.Struct(work)
		if err := tr.Apply(t.Context(), &r); err != nil && err != pipeline.ErrFiltered {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%s: %v allocations per record, want 0", options, allocs)
	}
}
