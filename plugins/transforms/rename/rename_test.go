package rename

import (
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestRename(t *testing.T) {
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: "rename: {a: x}", In: "{a: 1, b: 2}", Want: "{x: 1, b: 2}"},
		{Options: "rename: {b: y, a: x}", In: "{a: 1, b: 2, c: 3}", Want: "{x: 1, y: 2, c: 3}"},
		{Options: "rename: {a: b, b: a}", In: "{a: 1, b: 2}", Want: "{b: 1, a: 2}"},
		{Options: "rename: {a: b, b: c}", In: "{a: 1, b: 2}", Want: "{b: 1, c: 2}"},
		{Options: "rename: {a: a}", In: "{a: 1}", Want: "{a: 1}"},
		{Options: "rename: {room.temp: temp}", In: "{room.temp: 1}", Want: "{temp: 1}"},
		{Options: "rename: {a: b}", In: "{a: 1, b: 2}", Err: `"a" can't be renamed: the record already has a field "b"`},
		{Options: "rename: {a: x, c: b}", In: "{a: 1, b: 2, c: 3}", Err: `"c" can't be renamed: the record already has a field "b"`},
		{Options: "rename: {a: x, b: y}", In: "{a: 1, c: 2}", Err: `the record has no field "b"; it has a, c`},
		{Options: "rename: {a: x}", In: "null", Err: "the record's value is not a struct with named fields but of type null"},
	})
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "rename", Want: "t.yaml:1:1: wants one or more fields, written {old: new}"},
		{Options: "rename: {}", Want: "t.yaml:1:9: wants one or more fields, written {old: new}"},
		{Options: "rename: [a]", Want: "t.yaml:1:9: wants a mapping (name: value), not a list"},
		{Options: "rename:\n  a:\n  b: [c]", Want: "t.yaml:2:5: wants a value, not nothing\nt.yaml:3:6: wants a value, not a list"},
		{Options: "rename: {a: x, b: y, a: z}", Want: `t.yaml:1:22: "a" is given twice`},
		{Options: "rename: {a: x, b: x}", Want: `t.yaml:1:16: b: a gets the name "x" already`},
	})
}

func TestNoAllocs(t *testing.T) { plugintest.NoAllocs(t, "rename: {sensor: source, value: v}") }

func BenchmarkApply(b *testing.B) {
	plugintest.BenchmarkTransform(b, "rename: {sensor: source, value: v}")
}
