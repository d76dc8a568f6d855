package plugintest

import (
	"context"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

// Wide is a record's value of fifteen columns, to measure with. Those named
// by transforms under test stand in the middle: timestamp, sensor and value.
var Wide = "{" + strings.Join([]string{
	"a1: 1", "a2: 2", "a3: 3", "a4: 4", "a5: 5", "a6: 6",
	`timestamp: "2021-01-01 00:00:00"`, "sensor: boiler", "value: 51.0",
	"b1: 1", "b2: 2", "b3: 3", "b4: 4", "b5: 5", "b6: 6",
}, ", ") + "}"

// BenchmarkTransform measures a transform's Apply on Wide, and what it takes
// to make the record new each time, which is about 15 ns.
func BenchmarkTransform(b *testing.B, options string) {
	apply := wideApplier(b, b.Context(), options)
	b.ReportAllocs()
	for b.Loop() {
		apply()
	}
}

// NoAllocs checks that a transform allocates nothing in the steady state.
func NoAllocs(t *testing.T, options string) {
	t.Helper()
	if allocs := testing.AllocsPerRun(100, wideApplier(t, t.Context(), options)); allocs != 0 {
		t.Errorf("%s: %v allocations per record, want 0", options, allocs)
	}
}

// wideApplier returns a function that applies a transform to Wide.
func wideApplier(t testing.TB, ctx context.Context, options string) func() {
	tr := OpenTransform(t, options)
	fields := Value(t, Wide).Fields()
	work := make([]pipeline.Field, len(fields), 2*len(fields))
	var r pipeline.Record
	return func() {
		copy(work[:cap(work)], fields)
		r.Value = pipeline.Struct(work)
		if err := tr.Apply(ctx, &r); err != nil && err != pipeline.ErrFiltered {
			t.Fatal(err)
		}
	}
}
