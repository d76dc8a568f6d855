package average

import (
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

var start = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// step is one record, and what becomes of it.
type step struct {
	at   time.Duration // after start; or noTime
	key  string        // in Kafka
	in   string
	want string
	err  string
}

const noTime = -1 << 62

func TestAverage(t *testing.T) {
	for _, c := range []struct {
		name, options string
		steps         []step
	}{
		{"records", "average: {field: v, records: 3}", []step{
			{in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"},
			{in: "{v: 2.0}", want: "{v: 2.0, average: 1.5, count: 2}"},
			{in: "{v: 3}", want: "{v: 3, average: 2.0, count: 3}"},
			{in: "{v: 7}", want: "{v: 7, average: 4.0, count: 3}"},
			{in: "{v: -10}", want: "{v: -10, average: 0.0, count: 3}"},
		}},
		{"one record", "average: {field: v, records: 1}", []step{
			{in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"},
			{in: "{v: 2}", want: "{v: 2, average: 2.0, count: 1}"},
		}},
		{"window", "average: {field: v, window: 10s}", []step{
			{at: 0, in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"},
			{at: 5 * time.Second, in: "{v: 3}", want: "{v: 3, average: 2.0, count: 2}"},
			{at: 10*time.Second - 1, in: "{v: 5}", want: "{v: 5, average: 3.0, count: 3}"},
			{at: 10 * time.Second, in: "{v: 7}", want: "{v: 7, average: 5.0, count: 3}"}, // a window's length is over at the first
			{at: time.Hour, in: "{v: 9}", want: "{v: 9, average: 9.0, count: 1}"},
		}},
		{"event time goes backwards", "average: {field: v, window: 10s}", []step{
			{at: 8 * time.Second, in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"},
			{at: 3 * time.Second, in: "{v: 3}", want: "{v: 3, average: 2.0, count: 2}"}, // counts as of 8 s
			{at: 17 * time.Second, in: "{v: 5}", want: "{v: 5, average: 3.0, count: 3}"},
			{at: 18 * time.Second, in: "{v: 5}", want: "{v: 5, average: 5.0, count: 2}"},
			{at: 8 * time.Second, in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"}, // a whole window back
			{at: 9 * time.Second, in: "{v: 3}", want: "{v: 3, average: 2.0, count: 2}"},
		}},
		{"before 1970", "average: {field: v, window: 10s}", []step{
			{at: time.Unix(-5, 0).Sub(start), in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"},
			{at: time.Unix(5, 0).Sub(start), in: "{v: 3}", want: "{v: 3, average: 3.0, count: 1}"},
		}},
		{"Kafka keys", "average: {field: v, records: 9}", []step{
			{key: "a", in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"},
			{key: "b", in: "{v: 2}", want: "{v: 2, average: 2.0, count: 1}"},
			{key: "a", in: "{v: 3}", want: "{v: 3, average: 2.0, count: 2}"},
			{in: "{v: 4}", want: "{v: 4, average: 4.0, count: 1}"},
		}},
		{"a field as the key", "average: {field: v, key: k, records: 9}", []step{
			{key: "same", in: "{v: 1, k: a}", want: `{v: 1, k: "a", average: 1.0, count: 1}`},
			{key: "same", in: "{v: 2, k: 5}", want: `{v: 2, k: 5, average: 2.0, count: 1}`},
			{key: "same", in: "{v: 3, k: a}", want: `{v: 3, k: "a", average: 2.0, count: 2}`},
			{key: "same", in: "{v: 4, k: null}", want: `{v: 4, k: null, average: 4.0, count: 1}`},
			{key: "same", in: "{v: 4, k: [a]}", err: `field "k" is of type list and can't be a key`},
			{key: "same", in: "{v: 4}", err: `the record has no field "k" to be the key`},
		}},
		{"nulls don't count", "average: {field: v, window: 10s}", []step{
			{at: 0, in: "{v: null}", want: "{v: null, average: null, count: 0}"},
			{at: time.Second, in: "{v: 2}", want: "{v: 2, average: 2.0, count: 1}"},
			{at: 2 * time.Second, in: "{v: null}", want: "{v: null, average: 2.0, count: 1}"},
			{at: 12 * time.Second, in: "{v: null}", want: "{v: null, average: null, count: 0}"},
		}},
		{"NaN leaves with its window", "average: {field: v, records: 2}", []step{
			{in: "{v: .nan}", want: "{v: NaN, average: NaN, count: 1}"},
			{in: "{v: 2}", want: "{v: 2, average: NaN, count: 2}"},
			{in: "{v: 4}", want: "{v: 4, average: 3.0, count: 2}"},
		}},
		{"names", "average: {field: v, records: 2, average: mean, count: n}", []step{
			{in: "{v: 1, count: 5}", want: "{v: 1, count: 5, mean: 1.0, n: 1}"},
		}},
		{"a record that fails counts for nothing", "average: {field: v, window: 10s}", []step{
			{at: 0, in: "{v: 1}", want: "{v: 1, average: 1.0, count: 1}"},
			{at: time.Minute, in: "{w: 9}", err: `the record has no field "v"`},
			{at: time.Minute, in: "null", err: `the record has no field "v"`},
			{at: time.Minute, in: "{v: '9'}", err: `field "v" is of type string, not a number; cast it before`},
			{at: time.Minute, in: "{v: 9, count: 1}", err: `the record already has a field "count"; name another with the options average and count`},
			{at: noTime, in: "{v: 9}", err: "the record has no event time; average over a number of records instead of a window"},
			{at: 2 * time.Second, in: "{v: 3}", want: "{v: 3, average: 2.0, count: 2}"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := plugintest.OpenTransform(t, c.options)
			for _, s := range c.steps {
				r := pipeline.Record{Value: plugintest.Value(t, s.in)}
				if s.key != "" {
					r.Key = []byte(s.key)
				}
				if s.at != noTime {
					r.Time = start.Add(s.at)
				}
				plugintest.Apply(t, tr, &r, s.want, s.err)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	const either = "records: wants either a number of records or, in its place, a window such as 1m"
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "average", Want: "t.yaml:1:1: field: wants the name of a field\nt.yaml:1:1: " + either},
		{Options: "average: {field: v}", Want: "t.yaml:1:10: " + either},
		{Options: "average: {field: v, records: 3, window: 1m}", Want: "t.yaml:1:33: window: can't be set together with records"},
		{Options: "average: {field: v, records: -1}", Want: "t.yaml:1:21: records: wants 1 or more"},
		{Options: "average: {field: v, records: 0}", Want: "t.yaml:1:21: " + either},
		{Options: "average: {field: v, window: -1s}", Want: "t.yaml:1:21: window: wants a duration above 0"},
		{Options: "average: {field: v, records: 1, count: average}", Want: "t.yaml:1:33: count: wants a name of its own"},
		{Options: "average: {field: v, records: 1, average: ''}", Want: "t.yaml:1:33: average: wants a name"},
		{Options: "average: {feld: v, records: ten, window: 5}", Want: "t.yaml:1:11: unknown option \"feld\"; did you mean \"field\"?\n" +
			"t.yaml:1:29: wants a whole number, not \"ten\"\nt.yaml:1:42: wants a duration, such as 500ms, 5s or 2h, not \"5\""},
	})
}

func TestNoAllocs(t *testing.T) {
	plugintest.NoAllocs(t, "average: {field: value, key: sensor, records: 10}")
}

func BenchmarkTenRecords(b *testing.B) {
	plugintest.BenchmarkTransform(b, "average: {field: value, key: sensor, records: 10}")
}

func BenchmarkMillionRecords(b *testing.B) {
	plugintest.BenchmarkTransform(b, "average: {field: value, key: sensor, records: 1000000}")
}
