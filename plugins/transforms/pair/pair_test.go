package pair

import (
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

const options = "pair: {name: timestamp, value: value}"

func TestPair(t *testing.T) {
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: options, In: `{timestamp: "2021-01-01 00:00:00", value: 51.0}`, Want: `{2021-01-01 00:00:00: 51.0}`},
		{Options: options, In: `{value: 51, sensor: a, timestamp: x}`, Want: `{x: 51}`},
		{Options: options, In: `{timestamp: 5, value: null}`, Want: `{5: null}`},
		{Options: options, In: `{timestamp: 5.0, value: {a: 1}}`, Want: `{5.0: {a: 1}}`},
		{Options: options, In: `{timestamp: "", value: 1}`, Want: `{: 1}`},
		{Options: "pair: {name: a, value: a}", In: `{a: x}`, Want: `{x: "x"}`},
		{Options: options, In: `{timestamp: null, value: 1}`, Err: `field "timestamp" is of type null and can't be a name`},
		{Options: options, In: `{timestamp: [1], value: 1}`, Err: `field "timestamp" is of type list and can't be a name`},
		{Options: options, In: `{time: x, value: 1}`, Err: `the record has no field "timestamp"; it has time, value`},
		{Options: options, In: `{timestamp: x, v: 1}`, Err: `the record has no field "value"; it has timestamp, v`},
		{Options: options, In: `null`, Err: "the record's value is not a struct with named fields but of type null"},
	})
}

func TestTimeAsName(t *testing.T) {
	at := pipeline.Time(time.Date(2021, 1, 1, 0, 0, 0, 500, time.UTC))
	r := pipeline.Record{Value: pipeline.Struct([]pipeline.Field{{Name: "timestamp", Value: at}, {Name: "value", Value: pipeline.Int(1)}})}
	plugintest.Apply(t, plugintest.OpenTransform(t, options), &r, "{2021-01-01T00:00:00.0000005Z: 1}", "")
}

func TestNoNestedMemoryIsLeftBehind(t *testing.T) {
	r := pipeline.Record{Value: plugintest.Value(t, "{timestamp: x, value: {a: 1}}")}
	plugintest.Apply(t, plugintest.OpenTransform(t, options), &r, "{x: {a: 1}}", "")
	fs := r.Value.Fields()
	if behind := fs[1:cap(fs)]; behind[0].Value.Kind() != pipeline.KindNull {
		t.Errorf("behind the pair lies %v", behind)
	}
}

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "pair", Want: "t.yaml:1:1: name: wants the name of a field\nt.yaml:1:1: value: wants the name of a field"},
		{Options: "pair: {name: a}", Want: "t.yaml:1:7: value: wants the name of a field"},
		{Options: "pair: {name: a, value: ''}", Want: "t.yaml:1:17: value: wants the name of a field"},
		{Options: "pair: {nam: a, value: [b]}", Want: "t.yaml:1:8: unknown option \"nam\"; did you mean \"name\"?\nt.yaml:1:23: wants a value, not a list"},
	})
}

func TestNoAllocs(t *testing.T) { plugintest.NoAllocs(t, options) }

func BenchmarkApply(b *testing.B) { plugintest.BenchmarkTransform(b, options) }
