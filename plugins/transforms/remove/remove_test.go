package remove

import (
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestRemove(t *testing.T) {
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: "remove: [a]", In: "{a: 1, b: 2, c: 3}", Want: "{b: 2, c: 3}"},
		{Options: "remove: [c, a]", In: "{a: 1, b: 2, c: 3}", Want: "{b: 2}"},
		{Options: "remove: b", In: "{a: 1, b: 2, c: 3}", Want: "{a: 1, c: 3}"},
		{Options: "remove: [a]", In: "{a: 1}", Want: "{}"},
		{Options: "remove: [a, d]", In: "{a: 1, b: 2}", Err: `the record has no field "d"; it has a, b`},
		{Options: "remove: [a]", In: "[1, 2]", Err: "the record's value is not a struct with named fields but of type list"},
	})
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "remove", Want: "t.yaml:1:1: wants the names of one or more fields"},
		{Options: "remove: {}", Want: "t.yaml:1:9: wants a value, not a mapping"},
		{Options: "remove:\n  - a\n  - b\n  - a", Want: `t.yaml:4:5: field "a" is named twice`},
	})
}

func TestNoNestedMemoryIsLeftBehind(t *testing.T) {
	r := pipeline.Record{Value: plugintest.Value(t, "{a: 1, b: {x: 1}}")}
	plugintest.Apply(t, plugintest.OpenTransform(t, "remove: [a]"), &r, "{b: {x: 1}}", "")
	fs := r.Value.Fields()
	if behind := fs[1:cap(fs)]; behind[0].Value.Kind() != pipeline.KindNull {
		t.Errorf("behind the kept fields lies %v", behind)
	}
}

func TestNoAllocs(t *testing.T) { plugintest.NoAllocs(t, "remove: [timestamp, sensor]") }

func BenchmarkApply(b *testing.B) { plugintest.BenchmarkTransform(b, "remove: [timestamp, sensor]") }
