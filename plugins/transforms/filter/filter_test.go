package filter

import (
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestFilter(t *testing.T) {
	const filtered = plugintest.Filtered
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: "filter: v > 10", In: "{v: 11}", Want: "{v: 11}"},
		{Options: "filter: v > 10", In: "{v: 10}", Want: filtered},
		{Options: "filter: v >= 10", In: "{v: 10}", Want: "{v: 10}"},
		{Options: "filter: v < 10", In: "{v: 10}", Want: filtered},
		{Options: "filter: v <= 10", In: "{v: 10}", Want: "{v: 10}"},
		{Options: "filter: v <= 10", In: "{v: 10.5}", Want: filtered},
		{Options: "filter: v == 10", In: "{v: 10.0}", Want: "{v: 10.0}"},
		{Options: "filter: v == 10.0", In: "{v: 10}", Want: "{v: 10}"},
		{Options: "filter: v != 10", In: "{v: 10}", Want: filtered},
		{Options: "filter: v>-1.5e3", In: "{v: -1499}", Want: "{v: -1499}"},
		{Options: "filter: v == .nan", In: "{v: .nan}", Err: `field "v" is of type float and can't be compared with the string in: v == .nan`},
		{Options: "filter: v != 1", In: "{v: .nan}", Want: "{v: NaN}"},
		{Options: "filter: v >= 1", In: "{v: .nan}", Want: filtered},
		{Options: "filter: v < 1", In: "{v: -.inf}", Want: "{v: -Inf}"},
		{Options: "filter: v == 9007199254740993", In: "{v: 9007199254740992.0}", Want: filtered},
		{Options: "filter: v > 9007199254740992.0", In: "{v: 9007199254740993}", Want: "{v: 9007199254740993}"},
		{Options: "filter: v < 9223372036854775807", In: "{v: 9223372036854775808.0}", Want: filtered},

		{Options: "filter: s == hall", In: "{s: hall}", Want: `{s: "hall"}`},
		{Options: "filter: s != hall", In: "{s: hall}", Want: filtered},
		{Options: "filter: s < b", In: "{s: a}", Want: `{s: "a"}`},
		{Options: "filter: s < B", In: "{s: a}", Want: filtered}, // byte by byte
		{Options: "filter: s == 'two words'", In: "{s: two words}", Want: `{s: "two words"}`},
		{Options: `filter: s == "it's"`, In: `{s: "it's"}`, Want: `{s: "it's"}`},
		{Options: `filter: s == "say ""a"""`, In: `{s: 'say "a"'}`, Want: `{s: "say \"a\""}`},
		{Options: `filter: s == ""`, In: `{s: ""}`, Want: `{s: ""}`},
		{Options: "filter: s == 007", In: `{s: "007"}`, Want: `{s: "007"}`},
		{Options: `filter: s == "5"`, In: `{s: "5"}`, Want: `{s: "5"}`},
		{Options: "filter: s >= 2021-01-01", In: `{s: "2021-01-01 00:00:00"}`, Want: `{s: "2021-01-01 00:00:00"}`},
		{Options: `filter: '"room temp" > 20'`, In: "{room temp: 21}", Want: "{room temp: 21}"},

		{Options: "filter: b == true", In: "{b: true}", Want: "{b: true}"},
		{Options: "filter: b == false", In: "{b: true}", Want: filtered},
		{Options: "filter: b != true", In: "{b: false}", Want: "{b: false}"},

		{Options: "filter: v == null", In: "{v: null}", Want: "{v: null}"},
		{Options: "filter: v == null", In: "{v: 1}", Want: filtered},
		{Options: "filter: v != null", In: "{v: [1]}", Want: "{v: [1]}"},
		{Options: "filter: v != null", In: "{v: null}", Want: filtered},
		{Options: "filter: v != 1", In: "{v: null}", Want: "{v: null}"},
		{Options: "filter: v <= 1", In: "{v: null}", Want: filtered},
		{Options: "filter: v > 1", In: "{v: null}", Want: filtered},

		{Options: "filter: v > 10", In: `{v: "11"}`, Err: `field "v" is of type string and can't be compared with the int in: v > 10; cast the field before, or write '10' to compare text`},
		{Options: "filter: v != ten", In: "{v: 11}", Err: `field "v" is of type int and can't be compared with the string in: v != ten`},
		{Options: "filter: v == true", In: "{v: 1}", Err: `field "v" is of type int and can't be compared with the bool in: v == true`},
		{Options: "filter: v == 1", In: "{v: [1]}", Err: `field "v" is of type list and can't be compared with the int in: v == 1`},
		{Options: "filter: w == 1", In: "{v: 1}", Err: `the record has no field "w"; it has v`},
		{Options: "filter: v == null", In: "null", Err: "the record's value is not a struct with named fields but of type null"},
	})
}

func TestTimes(t *testing.T) {
	at := pipeline.Time(time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC))
	for _, c := range []struct{ options, want, err string }{
		{options: "filter: at > 2021-01-01", want: "{at: 2021-01-01T12:00:00Z}"},
		{options: "filter: at == '2021-01-01 12:00:00'", want: "{at: 2021-01-01T12:00:00Z}"},
		{options: "filter: at == 2021-01-01T13:00:00+01:00", want: "{at: 2021-01-01T12:00:00Z}"},
		{options: "filter: at > 2021-01-02", want: plugintest.Filtered},
		{options: "filter: at > -10m", want: plugintest.Filtered},
		{options: "filter: at < -10m", want: "{at: 2021-01-01T12:00:00Z}"},
		{options: "filter: at > noon", err: `field "at" is of type time and can't be compared with the string in: at > noon; write a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m`},
		{options: "filter: at > 0001-01-01", err: `field "at" is of type time and can't be compared with the string in: at > 0001-01-01; write a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m`},
	} {
		r := pipeline.Record{Value: pipeline.Struct([]pipeline.Field{{Name: "at", Value: at}})}
		plugintest.Apply(t, plugintest.OpenTransform(t, c.options), &r, c.want, c.err)
	}
}

func TestMistakes(t *testing.T) {
	const tooMuch = "; a text of several words stands in quotes, and several comparisons are several filters"
	plugintest.Mistakes(t, pipeline.BindTransform, []plugintest.Mistake{
		{Options: "filter", Want: "t.yaml:1:1: wants a comparison, such as: value > 10"},
		{Options: "filter: [v > 1]", Want: "t.yaml:1:9: wants a comparison, such as: value > 10"},
		{Options: "filter: {v: 1}", Want: "t.yaml:1:9: wants a comparison, such as: value > 10"},
		{Options: "filter: '> 1'", Want: "t.yaml:1:9: wants a field's name first, as in: value > 10"},
		{Options: "filter: ''", Want: "t.yaml:1:9: wants a field's name first, as in: value > 10"},
		{Options: "filter: v", Want: `t.yaml:1:9: wants one of == != < <= > >= after "v", as in: value > 10`},
		{Options: "filter: v = 1", Want: `t.yaml:1:9: wants one of == != < <= > >= after "v", as in: value > 10`},
		{Options: "filter: room temp > 1", Want: `t.yaml:1:9: wants one of == != < <= > >= after "room", as in: value > 10`},
		{Options: "filter: v >", Want: `t.yaml:1:9: wants something to compare with at the end, as in: value > 10; an empty text is ""`},
		{Options: "filter: v => 1", Want: `t.yaml:1:9: wants one of == != < <= > >= after "v", as in: value > 10`},
		{Options: "filter: v === 1", Want: "t.yaml:1:9: can't read =; a text with such characters stands in quotes"},
		{Options: "filter: v == it's", Want: "t.yaml:1:9: can't read it's; a text with such characters stands in quotes"},
		{Options: "filter: v > 1 and v < 3", Want: "t.yaml:1:9: there is more after the comparison: and v < 3" + tooMuch},
		{Options: "filter: v == 'a' b", Want: "t.yaml:1:9: there is more after the comparison: b" + tooMuch},
		{Options: "filter: v == 'a", Want: "t.yaml:1:9: a quote (') is not closed"},
		{Options: `filter: '"v > 1'`, Want: `t.yaml:1:9: a quote (") is not closed`},
		{Options: "filter: v > true", Want: "t.yaml:1:9: true can be compared by == and != only, not by >"},
		{Options: "filter: v <= null", Want: "t.yaml:1:9: null can be compared by == and != only, not by <="},
		{Options: "filter: v > 1e999", Want: "t.yaml:1:9: 1e999 is too large for a float"},
		{Options: "filter: v > 9223372036854775808", Want: "t.yaml:1:9: 9223372036854775808 does not fit into an int of 64 bits; with a point it is a float"},
	})
}

func TestNoAllocs(t *testing.T) {
	plugintest.NoAllocs(t, "filter: value > 10")
	plugintest.NoAllocs(t, "filter: sensor == hall")
}

func BenchmarkNumber(b *testing.B) { plugintest.BenchmarkTransform(b, "filter: value > 10") }
func BenchmarkText(b *testing.B)   { plugintest.BenchmarkTransform(b, "filter: sensor == boiler") }
