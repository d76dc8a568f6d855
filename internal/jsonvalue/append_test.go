package jsonvalue_test

import (
	"math"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

func structOf(names string, vs ...pipeline.Value) pipeline.Value {
	var fs []pipeline.Field
	for i, name := range strings.Split(names, ",") {
		fs = append(fs, pipeline.Field{Name: name, Value: vs[i]})
	}
	return pipeline.Struct(fs)
}

func TestAppend(t *testing.T) {
	at := time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name                    string
		value                   pipeline.Value
		compact, spaced, python string // spaced: as compact if empty; python: as spaced if empty
	}{
		{name: "null", compact: `null`},
		{name: "true", value: pipeline.Bool(true), compact: `true`},
		{name: "false", value: pipeline.Bool(false), compact: `false`},
		{name: "int", value: pipeline.Int(51), compact: `51`},
		{name: "largest int", value: pipeline.Int(math.MaxInt64), compact: `9223372036854775807`},
		{name: "smallest int", value: pipeline.Int(math.MinInt64), compact: `-9223372036854775808`},
		{name: "whole float", value: pipeline.Float(51), compact: `51.0`},
		{name: "zero", value: pipeline.Float(0), compact: `0.0`},
		{name: "negative zero", value: pipeline.Float(math.Copysign(0, -1)), compact: `-0.0`},
		{name: "short decimal", value: pipeline.Float(-21.37), compact: `-21.37`},
		{name: "six places", value: pipeline.Float(1.000001), compact: `1.000001`},
		{name: "long decimal", value: pipeline.Float(0.30000000000000004), compact: `0.30000000000000004`},
		{name: "small float", value: pipeline.Float(0.0001), compact: `0.0001`},
		{name: "smaller float", value: pipeline.Float(0.00001), compact: `0.00001`, python: `1e-05`},
		{name: "smallest float", value: pipeline.Float(5e-324), compact: `5e-324`},
		{name: "1e15", value: pipeline.Float(1e15), compact: `1000000000000000.0`},
		{name: "1e16", value: pipeline.Float(1e16), compact: `10000000000000000.0`, python: `1e+16`},
		{name: "1e21", value: pipeline.Float(1e21), compact: `1e+21`},
		{name: "largest float", value: pipeline.Float(math.MaxFloat64), compact: `1.7976931348623157e+308`},
		{name: "string", value: pipeline.String("kitchen"), compact: `"kitchen"`},
		{name: "empty string", value: pipeline.String(""), compact: `""`},
		{name: "escapes", value: pipeline.String("\"\\\b\f\n\r\t\x00\x1f"), compact: `"\"\\\b\f\n\r\t\u0000\u001f"`},
		{name: "markup", value: pipeline.String("<a&b>/"), compact: `"<a&b>/"`},
		{name: "delete", value: pipeline.String("\x7f"), compact: "\"\x7f\"", python: `"\u007f"`},
		{name: "unicode", value: pipeline.String("Zürich 🙂\u2028"), compact: "\"Zürich 🙂\u2028\"", python: `"Z\u00fcrich \ud83d\ude42\u2028"`},
		{name: "replacement character", value: pipeline.String("\ufffd"), compact: "\"\ufffd\"", python: `"\ufffd"`},
		{name: "bytes", value: pipeline.Bytes([]byte{0, 0xff, 0x10, 0x80}), compact: `"AP8QgA=="`},
		{name: "time", value: pipeline.Time(at), compact: `"2021-01-02T03:04:05Z"`},
		{name: "time with nanoseconds", value: pipeline.Time(at.Add(1)), compact: `"2021-01-02T03:04:05.000000001Z"`},
		{name: "empty list", value: pipeline.List(nil), compact: `[]`},
		{name: "list", value: pipeline.List([]pipeline.Value{pipeline.Int(1), pipeline.Null(), pipeline.List(nil)}), compact: `[1,null,[]]`, spaced: `[1, null, []]`},
		{name: "empty struct", value: pipeline.Struct(nil), compact: `{}`},
		{name: "struct", value: structOf("b,a", pipeline.Float(51), structOf("ä", pipeline.Bool(true))),
			compact: `{"b":51.0,"a":{"ä":true}}`, spaced: `{"b": 51.0, "a": {"ä": true}}`, python: `{"b": 51.0, "a": {"\u00e4": true}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.spaced == "" {
				test.spaced = test.compact
			}
			if test.python == "" {
				test.python = test.spaced
			}
			got := map[string]string{}
			for name, style := range map[string]jsonvalue.Style{"compact": jsonvalue.Compact, "spaced": jsonvalue.Spaced, "python": jsonvalue.Python} {
				b, err := jsonvalue.Append([]byte("> "), test.value, style)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				got[name] = string(b)
			}
			want := map[string]string{"compact": "> " + test.compact, "spaced": "> " + test.spaced, "python": "> " + test.python}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAppendErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		value pipeline.Value
		want  string
	}{
		{"NaN", pipeline.Float(math.NaN()), `JSON can't express the float NaN`},
		{"infinity", structOf("a", pipeline.Float(math.Inf(1))), `field a: JSON can't express the float +Inf`},
		{"nested", structOf("a", structOf("b", pipeline.List([]pipeline.Value{pipeline.Int(1), structOf("c", pipeline.Float(math.Inf(-1)))}))),
			`field a.b[1].c: JSON can't express the float -Inf`},
		{"list in list", pipeline.List([]pipeline.Value{pipeline.List([]pipeline.Value{pipeline.Float(math.NaN())})}), `field [0][0]: JSON can't express the float NaN`},
		{"Latin-1", structOf("city", pipeline.String("Z\xfcrich")), `field city: text is not UTF-8: "Z\xfcrich"`},
		{"name", structOf("\xfc", pipeline.Null()), `text is not UTF-8: "\xfc"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, style := range []jsonvalue.Style{jsonvalue.Compact, jsonvalue.Python} {
				if _, err := jsonvalue.Append(nil, test.value, style); err == nil || err.Error() != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
			}
		})
	}
}

// TestAppendPython compares with what Python itself makes of the same values.
func TestAppendPython(t *testing.T) {
	if err := exec.Command("python3", "-c", "import json").Run(); err != nil {
		t.Skip("needs python3: ", err)
	}
	var err error
	values := pythonValues()
	var compact, styled []byte
	for _, v := range values {
		if compact, err = jsonvalue.Append(compact, v, jsonvalue.Compact); err != nil {
			t.Fatal(err)
		}
		if styled, err = jsonvalue.Append(styled, v, jsonvalue.Python); err != nil {
			t.Fatal(err)
		}
		compact, styled = append(compact, '\n'), append(styled, '\n')
	}
	cmd := exec.Command("python3", "-c", "import json, sys\nfor line in sys.stdin.buffer: print(json.dumps(json.loads(line)))")
	cmd.Stdin = strings.NewReader(string(compact))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff(strings.Split(string(out), "\n"), strings.Split(string(styled), "\n")); diff != "" {
		t.Error("Python writes -, and we write +:\n", diff)
	}
}

func pythonValues() []pipeline.Value {
	vs := []pipeline.Value{structOf("2021-01-01 00:00:00", pipeline.Float(51)), pipeline.List(nil), pipeline.Struct(nil)}
	for exponent := -30; exponent <= 30; exponent++ {
		f := math.Pow10(exponent)
		vs = append(vs, pipeline.Float(f), pipeline.Float(-f*1.5), pipeline.Float(math.Nextafter(f, 0)), pipeline.Float(f/3))
	}
	var text strings.Builder
	for r := rune(0); r < 0x3000; r++ {
		text.WriteRune(r)
	}
	vs = append(vs, pipeline.String(text.String()), pipeline.String("\U0001f642\U0010ffff"))
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		f := math.Float64frombits(random.Uint64())
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			vs = append(vs, structOf("a,b,c", pipeline.Float(f), pipeline.Float(float64(random.IntN(1e9))/1e4), pipeline.Int(random.Int64())))
		}
	}
	return vs
}

// TestAppendFloat compares the quick way to write short decimals with the
// standard library's.
func TestAppendFloat(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	check := func(f float64) {
		t.Helper()
		want := string(pipeline.AppendFloat(nil, f))
		got, err := jsonvalue.Append(nil, pipeline.Float(f), jsonvalue.Compact)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v", want, got, err)
		}
	}
	for range 40_000 {
		scale := math.Pow10(random.IntN(9))
		whole := math.Trunc(random.Float64() * math.Pow10(random.IntN(18)))
		f := whole / scale
		check(f)
		check(math.Nextafter(f, 0))
		check(-math.Nextafter(f, math.Inf(1)))
	}
	for _, s := range []string{"0.000001", "0.0000005", "999999999.999999", "1000000000.000001", "999999999999999", "1e15", "1.0000005", "4503599627370497.5"} {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		check(f)
		check(-f)
	}
}

func TestAppendAllocates(t *testing.T) {
	v := decode(t, documents[0].json)
	dst := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := jsonvalue.Append(dst, v, jsonvalue.Compact); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per record, want none", n)
	}
}
