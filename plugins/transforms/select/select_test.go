package selectfields

import (
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestSelect(t *testing.T) {
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: "select: [a, b]", In: "{a: 1, b: 2, c: 3}", Want: "{a: 1, b: 2}"},
		{Options: "select: [c, a]", In: "{a: 1, b: 2, c: 3}", Want: "{c: 3, a: 1}"},
		{Options: "select: [b, a]", In: "{a: 1, b: 2}", Want: "{b: 2, a: 1}"},
		{Options: "select: b", In: "{a: 1, b: {x: 1}}", Want: "{b: {x: 1}}"},
		{Options: "select: [b]", In: "{a: 1, b: null}", Want: "{b: null}"},
		{Options: "select: [b, d]", In: "{a: 1, b: 2, c: 3}", Err: `the record has no field "d"; it has a, b, c`},
		{Options: "select: [a]", In: "{}", Err: `the record has no field "a"; it has none at all`},
		{Options: "select: [a]", In: "text", Err: "the record's value is not a struct with named fields but of type string"},
	})
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "select", Want: "t.yaml:1:1: wants the names of one or more fields"},
		{Options: "select: []", Want: "t.yaml:1:9: wants the names of one or more fields"},
		{Options: "select: [a, b, a]", Want: `t.yaml:1:16: field "a" is named twice`},
		{Options: "select: [a, {b: c}]", Want: "t.yaml:1:13: wants a value, not a mapping"},
	})
}

// A codec decodes the next record into the memory of this one, nested structs
// included, and so must not see the same one twice.
func TestNoNestedMemoryIsLeftBehind(t *testing.T) {
	r := pipeline.Record{Value: plugintest.Value(t, "{a: 1, b: {x: 1}}")}
	plugintest.Apply(t, plugintest.OpenTransform(t, "select: [b]"), &r, "{b: {x: 1}}", "")
	fs := r.Value.Fields()
	if behind := fs[1:cap(fs)]; behind[0].Value.Kind() != pipeline.KindNull {
		t.Errorf("behind the kept fields lies %v", behind)
	}
}

func TestNoAllocs(t *testing.T) { plugintest.NoAllocs(t, "select: [value, timestamp, sensor]") }

func BenchmarkApply(b *testing.B) {
	plugintest.BenchmarkTransform(b, "select: [value, timestamp, sensor]")
}
