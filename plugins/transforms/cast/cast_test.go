package cast

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestCast(t *testing.T) {
	const notTime = " is not a time of the years 1678 to 2261 such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00 or 2021-01-01"
	const timeRange = " lies, as seconds since 1970, outside the years 1678 to 2261"
	for _, c := range []struct{ to, in, want, err string }{
		{to: "int", in: "51", want: "51"},
		{to: "int", in: "51.0", want: "51"},
		{to: "int", in: "-0.0", want: "0"},
		{to: "int", in: `"51"`, want: "51"},
		{to: "int", in: `"-51.00"`, want: "-51"},
		{to: "int", in: `"007"`, want: "7"},
		{to: "int", in: "true", want: "1"},
		{to: "int", in: "false", want: "0"},
		{to: "int", in: "null", want: "null"},
		{to: "int", in: `"9007199254740993.0"`, want: "9007199254740993"},
		{to: "int", in: "-9223372036854775808.0", want: "-9223372036854775808"},
		{to: "int", in: "9223372036854775808.0", err: "9223372036854776000.0 does not fit into 64 bits"},
		{to: "int", in: `"9223372036854775808"`, err: `"9223372036854775808" does not fit into 64 bits`},
		{to: "int", in: "51.5", err: "51.5 is not a whole number"},
		{to: "int", in: `"51.5"`, err: `"51.5" is not a whole number`},
		{to: "int", in: `"51."`, err: `"51." is not a whole number`},
		{to: "int", in: `"1e3"`, err: `"1e3" is not a whole number`},
		{to: "int", in: `""`, err: `"" is not a whole number`},
		{to: "int", in: `" 5"`, err: `" 5" is not a whole number`},
		{to: "int", in: "[5]", err: "[5] is of type list"},
		{to: "int", in: ".nan", err: "NaN is not a whole number"},
		{to: "int", in: ".inf", err: "+Inf does not fit into 64 bits"},

		{to: "float", in: "51", want: "51.0"},
		{to: "float", in: "51.5", want: "51.5"},
		{to: "float", in: `"51"`, want: "51.0"},
		{to: "float", in: `"5.15e1"`, want: "51.5"},
		{to: "float", in: "null", want: "null"},
		{to: "float", in: "9007199254740992", want: "9007199254740992.0"},
		{to: "float", in: "9007199254740993", err: "9007199254740993 has more digits than a float holds"},
		{to: "float", in: "9223372036854775807", err: "9223372036854775807 has more digits than a float holds"},
		{to: "float", in: "-9223372036854775808", want: "-9223372036854776000.0"},
		{to: "float", in: `"1e999"`, err: `"1e999" does not fit into 64 bits`},
		{to: "float", in: `"1,5"`, err: `"1,5" is not a number`},
		{to: "float", in: "true", err: "true is of type bool"},

		{to: "bool", in: "true", want: "true"},
		{to: "bool", in: `"True"`, want: "true"},
		{to: "bool", in: `"FALSE"`, want: "false"},
		{to: "bool", in: `"1"`, want: "true"},
		{to: "bool", in: "0", want: "false"},
		{to: "bool", in: "1", want: "true"},
		{to: "bool", in: "2", err: "2 is neither true or false nor 1 or 0"},
		{to: "bool", in: "yes", err: `"yes" is neither true or false nor 1 or 0`},
		{to: "bool", in: "1.0", err: "1.0 is of type float"},

		{to: "string", in: "51.0", want: `"51.0"`},
		{to: "string", in: "51", want: `"51"`},
		{to: "string", in: "true", want: `"true"`},
		{to: "string", in: "text", want: `"text"`},
		{to: "string", in: "null", want: "null"},
		{to: "string", in: "{a: 1}", err: "{a: 1} has several values in it"},

		{to: "time", in: "2021-01-01T00:00:00Z", want: "2021-01-01T00:00:00Z"},
		{to: "time", in: "2021-01-01T01:00:00.5+01:00", want: "2021-01-01T00:00:00.5Z"},
		{to: "time", in: "2021-01-01T00:00:00", want: "2021-01-01T00:00:00Z"},
		{to: "time", in: "2021-01-01 00:00:00.123456789", want: "2021-01-01T00:00:00.123456789Z"},
		{to: "time", in: "2021-01-01 00:00:00+01:00", want: "2020-12-31T23:00:00Z"},
		{to: "time", in: `"2021-01-01"`, want: "2021-01-01T00:00:00Z"},
		{to: "time", in: "1609459200", want: "2021-01-01T00:00:00Z"},
		{to: "time", in: "-1", want: "1969-12-31T23:59:59Z"},
		{to: "time", in: "1609459200.1", want: "2021-01-01T00:00:00.1Z"},
		{to: "time", in: "null", want: "null"},
		{to: "time", in: "1609459200000", err: "1609459200000" + timeRange},
		{to: "time", in: "1609459200000.0", err: "1609459200000.0" + timeRange},
		{to: "time", in: ".nan", err: "NaN" + timeRange},
		{to: "time", in: "1600-01-01T00:00:00Z", err: `"1600-01-01T00:00:00Z"` + notTime},
		{to: "time", in: "03/04/2021", err: `"03/04/2021"` + notTime},
		{to: "time", in: "2021-02-30", err: `"2021-02-30"` + notTime},
		{to: "time", in: `""`, err: `""` + notTime},
		{to: "time", in: "true", err: "true is of type bool"},
	} {
		wantErr := c.err
		if wantErr != "" {
			wantErr = `field "x" can't be cast to ` + c.to + ": " + c.err
		}
		plugintest.Transform(t, []plugintest.TransformCase{{Options: "cast: {x: " + c.to + "}", In: "{x: " + c.in + "}", Want: "{x: " + c.want + "}", Err: wantErr}})
	}
}

func TestSeveralFields(t *testing.T) {
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: "cast: {c: int, a: float}", In: "{a: 1, b: 2, c: '3'}", Want: "{a: 1.0, b: 2, c: 3}"},
		{Options: "cast: {a: float, c: int}", In: "{a: 1, b: 2, c: x}", Err: `field "c" can't be cast to int: "x" is not a whole number`},
		{Options: "cast: {a: float, d: int}", In: "{a: 1, b: 2}", Err: `the record has no field "d"; it has a, b`},
		{Options: "cast: {a: float}", In: "null", Err: "the record's value is not a struct with named fields but of type null"},
		{Options: "cast: {a: int}", In: "{a: " + strings.Repeat("x", 100) + "}", Err: `field "a" can't be cast to int: "` + strings.Repeat("x", 59) + "… is not a whole number"},
	})
}

// The layout of the times may change on the way.
func TestMixedTimes(t *testing.T) {
	tr := plugintest.OpenTransform(t, "cast: {x: time}")
	for _, in := range []string{"2021-01-01 00:00:00", "2021-01-01", "2021-01-01T00:00:00Z", "2021-01-01 00:00:00"} {
		r := pipeline.Record{Value: pipeline.Struct([]pipeline.Field{{Name: "x", Value: pipeline.String(in)}})}
		plugintest.Apply(t, tr, &r, "{x: 2021-01-01T00:00:00Z}", "")
	}
}

func TestTimeToString(t *testing.T) {
	r := pipeline.Record{Value: pipeline.Struct([]pipeline.Field{{Name: "x", Value: pipeline.Time(time.Unix(0, 5))}})}
	plugintest.Apply(t, plugintest.OpenTransform(t, "cast: {x: string}"), &r, `{x: "1970-01-01T00:00:00.000000005Z"}`, "")
}

// What a cast accepts, the cast back returns.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Map(rapid.Int64(), pipeline.Int),
			rapid.Map(rapid.Float64(), pipeline.Float),
			rapid.Map(rapid.Int64(), func(i int64) pipeline.Value { return pipeline.Float(float64(i)) }),
		).Draw(t, "value")
		to := rapid.SampledFrom([]typeName{"int", "float", "string"}).Draw(t, "to")
		there, err := newConverter(to)(v)
		if err != nil {
			return
		}
		if there.Kind().String() != string(to) {
			t.Fatalf("%v is cast to %v", v, there.Kind())
		}
		back, err := newConverter(typeName(v.Kind().String()))(there)
		if err != nil || !back.Equal(v) {
			t.Fatalf("%v becomes %v, and back %v, %v", v, there, back, err)
		}
	})
}

func TestMistakes(t *testing.T) {
	const want = "wants a type (int, float, bool, string or time), not "
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "cast", Want: "t.yaml:1:1: wants one or more fields, written {name: type}"},
		{Options: "cast: {}", Want: "t.yaml:1:7: wants one or more fields, written {name: type}"},
		{Options: "cast: float", Want: `t.yaml:1:7: wants a mapping (name: value), not "float"`},
		{Options: "cast:\n  a: flot\n  b: int\n  c: Int", Want: "t.yaml:2:6: " + want + "\"flot\"\nt.yaml:4:6: " + want + `"Int"`},
		{Options: "cast: {a: [int], b: }", Want: "t.yaml:1:11: wants a value, not a list\nt.yaml:1:21: wants a value, not nothing"},
		{Options: "cast: {a: int, a: float}", Want: `t.yaml:1:16: "a" is given twice`},
	})
}

func TestNoAllocs(t *testing.T) {
	for _, options := range []string{"cast: {value: float, a1: float}", "cast: {value: int}", "cast: {timestamp: time}", "cast: {sensor: string}"} {
		plugintest.NoAllocs(t, options)
	}
}

func BenchmarkFloat(b *testing.B) { plugintest.BenchmarkTransform(b, "cast: {value: float}") }
func BenchmarkInt(b *testing.B)   { plugintest.BenchmarkTransform(b, "cast: {value: int, a1: float}") }
func BenchmarkTime(b *testing.B)  { plugintest.BenchmarkTransform(b, "cast: {timestamp: time}") }
