package jsonvalue_test

import (
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

func TestDecode(t *testing.T) {
	list := func(vs ...pipeline.Value) pipeline.Value { return pipeline.List(vs) }
	for _, test := range []struct {
		json string
		want pipeline.Value
	}{
		{`null`, pipeline.Null()},
		{" \t\r\n true \t\r\n", pipeline.Bool(true)},
		{`false`, pipeline.Bool(false)},
		{`0`, pipeline.Int(0)},
		{`-0`, pipeline.Int(0)},
		{`51`, pipeline.Int(51)},
		{`9007199254740993`, pipeline.Int(9007199254740993)},
		{`9223372036854775807`, pipeline.Int(math.MaxInt64)},
		{`-9223372036854775808`, pipeline.Int(math.MinInt64)},
		{`51.0`, pipeline.Float(51)},
		{`-0.0`, pipeline.Float(math.Copysign(0, -1))},
		{`-21.37`, pipeline.Float(-21.37)},
		{`1e3`, pipeline.Float(1000)},
		{`1E+3`, pipeline.Float(1000)},
		{`-12.5e-1`, pipeline.Float(-1.25)},
		{`0.30000000000000004`, pipeline.Float(0.30000000000000004)},
		{`123456789012345678901234567890.0`, pipeline.Float(123456789012345678901234567890)},
		{`1e-400`, pipeline.Float(0)},
		{`""`, pipeline.String("")},
		{`"kitchen"`, pipeline.String("kitchen")},
		{"\"\x7f Zürich 🙂\"", pipeline.String("\x7f Zürich 🙂")},
		{`"\"\\\/\b\f\n\r\t"`, pipeline.String("\"\\/\b\f\n\r\t")},
		{`"a\u00e4b\uD83D\uDE42\u0000"`, pipeline.String("aäb🙂\x00")},
		{`"\ud83d"`, pipeline.String("\ufffd")},
		{`"\ude42\ud83dx\ud83d\ud83d\ude42"`, pipeline.String("\ufffd\ufffdx\ufffd🙂")},
		{`"\ud83d\n"`, pipeline.String("\ufffd\n")},
		{`"ä\n"`, pipeline.String("ä\n")},
		{`[]`, list()},
		{` [ 1 , [ ] , "a" ] `, list(pipeline.Int(1), list(), pipeline.String("a"))},
		{`[[1],[2,3]]`, list(list(pipeline.Int(1)), list(pipeline.Int(2), pipeline.Int(3)))},
		{`{}`, pipeline.Struct(nil)},
		{`{ "b" : 1 , "a" : { "c" : [ { "d" : null } ] } }`,
			structOf("b,a", pipeline.Int(1), structOf("c", list(structOf("d", pipeline.Null()))))},
		{`{"a":{"x":1},"b":{"x":2},"c":[{"x":3},{"x":4}]}`, structOf("a,b,c", structOf("x", pipeline.Int(1)), structOf("x", pipeline.Int(2)),
			list(structOf("x", pipeline.Int(3)), structOf("x", pipeline.Int(4))))},
		{`{"a":1,"b":2,"a":3}`, structOf("a,b", pipeline.Int(3), pipeline.Int(2))},
		{`{"\u0061":1,"a":2}`, structOf("a", pipeline.Int(2))},
	} {
		if got := decode(t, test.json); !got.Equal(test.want) {
			t.Errorf("%s: got %v, want %v", test.json, got, test.want)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct{ json, want string }{
		{``, `1: wants a value, not the end`},
		{"\ufeff{}", `1: wants a value, not '\ufeff'`},
		{"\xff", `1: wants a value, not byte 0xff`},
		{`{} {}`, `4: wants the end, not '{'`},
		{`nul`, `4: wants null, not the end`},
		{`tRue`, `2: wants true, not 'R'`},
		{`NaN`, `1: wants a value, not 'N'`},
		{`-`, `2: wants a digit, not the end`},
		{`-Infinity`, `2: wants a digit, not 'I'`},
		{`01`, `1: wants a number without leading zeros, not '0'`},
		{`1.`, `3: wants a digit, not the end`},
		{`1e+`, `4: wants a digit, not the end`},
		{`.5`, `1: wants a value, not '.'`},
		{`9223372036854775808`, `1: 9223372036854775808 doesn't fit into a 64-bit integer`},
		{`{"id": {"n": [1, -9223372036854775809]}}`, `18: field id.n[1]: -9223372036854775809 doesn't fit into a 64-bit integer`},
		{strings.Repeat("9", 100), `1: ` + strings.Repeat("9", 40) + `… doesn't fit into a 64-bit integer`},
		{`1e400`, `1: 1e400 doesn't fit into a 64-bit float`},
		{`"abc`, `5: wants a string's closing quote, not the end`},
		{`"ä`, `4: wants a string's closing quote, not the end`},
		{`"\n`, `4: wants a string's closing quote, not the end`},
		{"\"a\nb\"", `3: wants control characters to be escaped, not '\n'`},
		{"\"\\t\tb\"", `4: wants control characters to be escaped, not '\t'`},
		{`{"a": "b\x"}`, `9: field a: no escape is written "\\x\"}"`},
		{`"\u12g4"`, `2: no escape is written "\\u12g4"`},
		{`"\`, `2: no escape is written "\\"`},
		{"\"Z\xfcrich\"", `3: text is not UTF-8`},
		{"\"\\t\xe2\x82\"", `4: text is not UTF-8`},
		{`[1,]`, `4: field [1]: wants a value, not ']'`},
		{`[1 2]`, `4: wants a comma or ], not '2'`},
		{`[`, `2: field [0]: wants a value, not the end`},
		{`{`, `2: wants a field's name in quotes, not the end`},
		{`{a: 1}`, `2: wants a field's name in quotes, not 'a'`},
		{`{"a" 1}`, `6: field a: wants a colon, not '1'`},
		{`{"a": }`, `7: field a: wants a value, not '}'`},
		{`{"a": 1,}`, `9: wants a field's name in quotes, not '}'`},
		{`{"a": 1`, `8: wants a comma or }, not the end`},
		{strings.Repeat("[", 600), `513: field ` + strings.Repeat("[0]", 512) + `: nested more than 512 deep`},
	} {
		v := pipeline.Int(7)
		var d jsonvalue.Decoder
		err := d.Decode([]byte(test.json), &v)
		if want := "invalid JSON at byte " + test.want; err == nil || err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", test.json, err, want)
		}
		if !v.Equal(pipeline.Int(7)) {
			t.Errorf("%q: the value has become %v", test.json, v)
		}
	}
}

func TestDecodeDepth(t *testing.T) {
	decode(t, strings.Repeat("[", 512)+strings.Repeat("]", 512))
	decode(t, strings.Repeat(`{"a":`, 511)+"{}"+strings.Repeat("}", 511))
}

// TestDecodeKeeps decodes many values with one decoder and looks at all of
// them at the end: no value may lie in the memory of another.
func TestDecodeKeeps(t *testing.T) {
	var d jsonvalue.Decoder
	var got, want []pipeline.Value
	for range 50 {
		for _, doc := range documents {
			var v pipeline.Value
			if err := d.Decode([]byte(doc.json), &v); err != nil {
				t.Fatal(err)
			}
			got, want = append(got, v), append(want, decode(t, doc.json))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeMemory(t *testing.T) {
	var d jsonvalue.Decoder
	fields := make([]pipeline.Field, 1, 8)
	nested := structOf("x", pipeline.Int(1))
	fields[0] = pipeline.Field{Name: "old", Value: nested}
	v := pipeline.Struct(fields)
	data := []byte(`{"name":"kitchen","place":{"x":2}}`)
	if err := d.Decode(data, &v); err != nil {
		t.Fatal(err)
	}
	if &v.Fields()[0] != &fields[0] {
		t.Error("the struct's memory is not used again")
	}
	if !nested.Equal(structOf("x", pipeline.Int(1))) {
		t.Error("the memory of a nested struct, which may be in use elsewhere, is used again")
	}
	name := v.Fields()[0].Name
	if unsafe.StringData(name) != &data[2] {
		t.Error("a name doesn't share the data's memory")
	}
	if n := testing.AllocsPerRun(100, func() {
		if err := d.Decode([]byte(documents[0].json), &v); err != nil {
			t.Fatal(err)
		}
	}); n > 1 { // the conversion to []byte
		t.Errorf("%v allocations per record", n-1)
	}
}

// TestDecodeWide covers names that are given twice in a wide struct.
func TestDecodeWide(t *testing.T) {
	doc := wide(40)
	v := decode(t, strings.TrimSuffix(doc, "}")+`,"column 3":"last","column 39":"last","new":{"column 3":1}}`)
	want := decode(t, doc).Fields()
	want[3].Value, want[39].Value = pipeline.String("last"), pipeline.String("last")
	want = append(want, pipeline.Field{Name: "new", Value: structOf("column 3", pipeline.Int(1))})
	if diff := cmp.Diff(pipeline.Struct(want), v); diff != "" {
		t.Error(diff)
	}
}
