package set

import (
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestSet(t *testing.T) {
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: "set: {unit: C, n: 5}", In: "{a: 1}", Want: `{a: 1, unit: "C", n: 5}`},
		{Options: "set: {a: 2}", In: "{a: 1, b: x}", Want: `{a: 2, b: "x"}`},
		{Options: "set: {b: null, c: 2.0}", In: "{a: 1, b: x}", Want: "{a: 1, b: null, c: 2.0}"},
		{Options: "set: {on: true, off: 'false'}", In: "{}", Want: `{on: true, off: "false"}`},
		{Options: "set: {tags: [x, 1], at: {lat: 1.5}}", In: "{}", Want: `{tags: ["x" 1], at: {lat: 1.5}}`},
		{Options: "set: {n: 9223372036854775807}", In: "{}", Want: "{n: 9223372036854775807}"},
		{Options: "set: {day: 2021-01-01}", In: "{}", Want: `{day: "2021-01-01"}`},
		{Options: "set: {a: 1}", In: "null", Err: "the record's value is not a struct with named fields but of type null"},
	})
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "set", Want: "t.yaml:1:1: wants one or more fields, written {name: value}"},
		{Options: "set: {}", Want: "t.yaml:1:6: wants one or more fields, written {name: value}"},
		{Options: "set: a", Want: `t.yaml:1:6: wants a mapping (name: value), not "a"`},
		{Options: "set: {a: 1, a: 2}", Want: `t.yaml:1:13: "a" is given twice`},
		{Options: "set: {a: 9223372036854775808}", Want: "t.yaml:1:10: wants an integer that fits into 64 bits, not 9223372036854775808"},
	})
}

// Whoever changes a nested value of one record must not change the next one.
func TestRecordsShareNothing(t *testing.T) {
	tr := plugintest.OpenTransform(t, "set: {at: {lat: 1.5}}")
	for range 2 {
		r := pipeline.Record{Value: plugintest.Value(t, "{}")}
		plugintest.Apply(t, tr, &r, "{at: {lat: 1.5}}", "")
		r.Get("at").Fields()[0].Value = pipeline.Null()
	}
}

func TestNoAllocs(t *testing.T) { plugintest.NoAllocs(t, "set: {unit: C, n: 5, value: 1.5}") }

func BenchmarkApply(b *testing.B) {
	plugintest.BenchmarkTransform(b, "set: {unit: C, n: 5, value: 1.5}")
}
