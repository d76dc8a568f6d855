package avro_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

var (
	null = pipeline.Null()
	text = pipeline.String
	i    = pipeline.Int
	f    = pipeline.Float
	raw  = func(s string) pipeline.Value { return pipeline.Bytes([]byte(s)) }
	when = pipeline.Time(time.Date(2021, 3, 4, 5, 6, 7, 123456789, time.UTC))
	ever = pipeline.Time(time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC))
)

func logical(typ, name string) string {
	return fmt.Sprintf(`{"type": %q, "logicalType": %q}`, typ, name)
}

// What a value is written as, in hexadecimal, or why it is not.
func TestEncode(t *testing.T) {
	const enum = `{"type": "enum", "name": "E", "symbols": ["A", "B"]}`
	const fixed = `{"type": "fixed", "name": "F", "size": 2}`
	const long = "takes more than 32 bits: make it long"
	const likeTime = "is not written like 2021-01-01T00:00:00Z, 2021-01-01 00:00:00 or 2021-01-01; cast it to a time before"
	for _, test := range []struct {
		schema string
		value  pipeline.Value
		want   string // starts with "wants" if it is an error
	}{
		{`"null"`, null, ""},
		{`"null"`, i(0), "wants null, not int 0"},
		{`"boolean"`, pipeline.Bool(true), "01"},
		{`"boolean"`, pipeline.Bool(false), "00"},
		{`"boolean"`, text("true"), `wants boolean, not string "true"`},
		{`"int"`, i(-1), "01"},
		{`"int"`, i(math.MaxInt32), "feffffff0f"},
		{`"int"`, i(math.MaxInt32 + 1), "wants int, not int 2147483648, which " + long},
		{`"int"`, f(1), "wants int, not float 1.0"},
		{`"long"`, i(math.MinInt64), "ffffffffffffffffff01"},
		{`"long"`, f(1.5), "wants long, not float 1.5"},
		{`"long"`, null, "wants long, not null"},
		{`"float"`, f(0.1), "cdcccc3d"},
		{`"float"`, f(1e39), "wants float, not float 1e+39, which is too large for 32 bits: make it double"},
		{`"float"`, f(math.Inf(-1)), "000080ff"},
		{`"float"`, i(1 << 24), "0000804b"},
		{`"float"`, i(1<<24 + 1), "wants float, not int 16777217, which it can't hold exactly"},
		{`"double"`, f(21.37), "1f85eb51b85e3540"},
		{`"double"`, f(math.NaN()), "010000000000f87f"},
		{`"double"`, i(-2), "00000000000000c0"},
		{`"double"`, i(1<<53 + 1), "wants double, not int 9007199254740993, which it can't hold exactly"},
		{`"double"`, i(math.MaxInt64), "wants double, not int 9223372036854775807, which it can't hold exactly"},
		{`"double"`, text("1"), `wants double, not string "1"`},
		{`"double"`, text(strings.Repeat("a", 99)), `wants double, not string "` + strings.Repeat("a", 60) + `…"`},
		{`"string"`, text("ä"), "04c3a4"},
		{`"string"`, text("\xff"), `wants string, not string "\xff", which is not UTF-8`},
		{`"string"`, raw("ä"), "04c3a4"},
		{`"string"`, raw("\xff"), "wants string, not 1 bytes, which are not UTF-8"},
		{`"string"`, when, "3c" + fmt.Sprintf("%x", "2021-03-04T05:06:07.123456789Z")},
		{`"string"`, i(1), "wants string, not int 1"},
		{`"string"`, pipeline.List(nil), "wants string, not a list"},
		{`"bytes"`, raw("\xff"), "02ff"},
		{`"bytes"`, text("a"), "0261"},
		{`"bytes"`, pipeline.Struct(nil), "wants bytes, not a struct"},
		{fixed, raw("ab"), "6162"},
		{fixed, text("ab"), "6162"},
		{fixed, raw("abc"), "wants fixed F of 2 bytes, not 3 bytes"},
		{enum, text("B"), "02"},
		{enum, text("C"), `wants enum E, not string "C", which is none of A, B`},
		{enum, i(0), "wants enum E, not int 0"},

		{logical("long", "timestamp-millis"), when, "a6ea87baff5d"},
		{logical("long", "timestamp-millis"), text("2021-03-04 05:06:07.123456"), "a6ea87baff5d"},
		{logical("long", "timestamp-millis"), text("2021-03-04T06:06:07.123+01:00"), "a6ea87baff5d"},
		{logical("long", "timestamp-millis"), i(3), "06"},
		{logical("long", "timestamp-millis"), ever, "01"},
		{logical("long", "timestamp-micros"), when, "80c096cdddabde05"},
		{logical("long", "timestamp-nanos"), when, "aa8ce4f7a2d385e92c"},
		{logical("long", "local-timestamp-millis"), when, "a6ea87baff5d"},
		{logical("long", "timestamp-millis"), text("03/04/2021"), `wants timestamp-millis, not string "03/04/2021", which ` + likeTime},
		{logical("long", "timestamp-millis"), f(1), "wants timestamp-millis, not float 1.0"},
		{logical("int", "date"), when, "84a402"},
		{logical("int", "date"), text("2021-03-04"), "84a402"},
		{logical("int", "date"), text("1969-12-31"), "01"},
		{logical("int", "date"), ever, "01"},
		{logical("int", "date"), i(1 << 40), "wants int, not int 1099511627776, which " + long},
		{logical("int", "time-millis"), text("00:00:01.002"), "d40f"},
		{logical("long", "time-micros"), text("00:00:01"), "80897a"},
		{logical("int", "time-millis"), i(5), "0a"},
		{logical("int", "time-millis"), i(86_400_000), "wants time-millis, not int 86400000, which is no time of day such as 08:30:00"},
		{logical("int", "time-millis"), text("25:00:00"), `wants time-millis, not string "25:00:00", which is no time of day such as 08:30:00`},
		{logical("int", "time-millis"), when, "wants time-millis, not time 2021-03-04T05:06:07.123456789Z"},
		{logical("string", "uuid"), text("123e4567-e89b-12d3-a456-426614174000"), "48" + fmt.Sprintf("%x", "123e4567-e89b-12d3-a456-426614174000")},
		{logical("string", "uuid"), text("123e4567"), `wants uuid, not string "123e4567", which is not written like 123e4567-e89b-12d3-a456-426614174000`},
		{`{"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}`, text("123e4567-e89b-12d3-a456-42661417400A"), "123e4567e89b12d3a45642661417400a"},
		{logical("string", "of-our-own"), text("a"), "0261"},

		{`{"type": "array", "items": "long"}`, pipeline.List([]pipeline.Value{i(1), i(2)}), "04020400"},
		{`{"type": "array", "items": "long"}`, pipeline.List(nil), "00"},
		{`{"type": "array", "items": "long"}`, pipeline.List([]pipeline.Value{i(1), text("b")}), `field [1]: wants long, not string "b"`},
		{`{"type": "array", "items": "long"}`, i(1), "wants array of long, not int 1"},
		{`{"type": "map", "values": "long"}`, pipeline.Struct([]pipeline.Field{{Name: "a", Value: i(1)}}), "0202610200"},
		{`{"type": "map", "values": "long"}`, pipeline.Struct(nil), "00"},
		{`{"type": "map", "values": "long"}`, pipeline.Struct([]pipeline.Field{{Name: "a", Value: f(1)}}), "field a: wants long, not float 1.0"},
		{`{"type": "map", "values": "long"}`, pipeline.Struct([]pipeline.Field{{Name: "\xff", Value: i(1)}}), "field \xff: wants string, not string \"\\xff\", which is not UTF-8"},
		{`{"type": "map", "values": "long"}`, text("a"), `wants map of long, not string "a"`},
		{record(`{"name": "a", "type": "long"}`), i(1), "wants record R, not int 1"},
	} {
		data, err := open(t, test.schema, "").Encode([]byte(">"), test.value)
		got := strings.TrimPrefix(fmt.Sprintf("%x", data), "3e")
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s, %v:\n got %s\nwant %s", test.schema, test.value, got, test.want)
		}
	}
}

// What is written and read back, as JSON's values print themselves.
func TestRecords(t *testing.T) {
	const simple = `{"name": "a", "type": "long"}, {"name": "b", "type": "string"}`
	const nested = `{"name": "in", "type": {"type": "record", "name": "In", "fields": [{"name": "x", "type": "double"},
		{"name": "list", "type": {"type": "array", "items": "In"}, "default": []}]}}`
	const defaults = `{"name": "a", "type": "long"},
		{"name": "b", "type": ["string", "null"], "default": "b"},
		{"name": "c", "type": ["long", "null"]},
		{"name": "d", "type": {"type": "array", "items": "bytes"}, "default": ["ÿ", ""]},
		{"name": "e", "type": {"type": "record", "name": "E", "fields": [{"name": "x", "type": "int", "default": 7}, {"name": "y", "type": "string"}]}, "default": {"y": "z"}},
		{"name": "f", "type": {"type": "fixed", "name": "F", "size": 2}, "default": "aÿ"},
		{"name": "g", "type": {"type": "map", "values": ["double", "null"]}, "default": {"k": 1}},
		{"name": "h", "type": {"type": "long", "logicalType": "timestamp-millis"}, "default": 1},
		{"name": "i", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, "default": "\u0001\u0000"},
		{"name": "j", "type": "null"},
		{"name": "k", "type": {"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}, "default": "0123456789abcdef"}`
	for _, test := range []struct{ name, fields, more, value, want string }{
		{"in order", simple, "", `{a: 1, b: x}`, `{a: 1, b: "x"}`},
		{"in another order", simple, "", `{b: x, a: 1}`, `{a: 1, b: "x"}`},
		{"missing", simple, "", `{a: 1}`, `field b: wants string, but is missing, and the schema has no default for it`},
		{"null", simple, "", `{a: null, b: x}`, `field a: wants long, not null`},
		{"extra", simple, "", `{a: 1, c: 2, b: x}`, `field c: is not in the schema's record R: add it there, remove it before, or say extra_fields: drop`},
		{"extra, dropped", simple, ", extra_fields: drop", `{a: 1, c: 2, b: x}`, `{a: 1, b: "x"}`},
		{"alias", `{"name": "a", "type": "long", "aliases": ["old", "older"]}`, "", `{older: 1}`, `{a: 1}`},
		{"alias and name", `{"name": "a", "type": "long", "aliases": ["old"]}`, "", `{old: 1, a: 2}`, `field a: is another name of a, which is there too`},
		{"alias that is another's name", `{"name": "a", "type": ["null", "long"], "aliases": ["b"]}, {"name": "b", "type": "long"}`, "", `{b: 1}`, `{a: null, b: 1}`},
		{"nested", nested, "", `{in: {x: 1.5, list: [{x: 2}, {list: [], x: 3}]}}`, `{in: {x: 1.5, list: [{x: 2.0, list: []} {x: 3.0, list: []}]}}`},
		{"nested misfit", nested, "", `{in: {x: 1, list: [{x: 2}, {x: b}]}}`, `field in.list[1].x: wants double, not string "b"`},
		{"nested missing", nested, "", `{in: {list: []}}`, `field in.x: wants double, but is missing, and the schema has no default for it`},
		{"defaults", defaults, "", `{a: 1}`, `{a: 1, b: "b", c: null, d: [bytes("\xff") bytes("")], e: {x: 7, y: "z"}, f: bytes("a\xff"), g: {k: 1.0}, h: 1970-01-01T00:00:00.001Z, i: "2.56", j: null, k: "30313233-3435-3637-3839-616263646566"}`},
		{"null as the default", `{"name": "a", "type": ["null", "long"], "default": null}`, "", `{}`, `{a: null}`},
		{"no fields", ``, "", `{}`, `{}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			codec := open(t, record(test.fields), test.more)
			for range 2 {
				if got := thereAndBack(codec, plugintest.Value(t, test.value)); got != test.want {
					t.Errorf("\n got %s\nwant %s", got, test.want)
				}
			}
		})
	}
}

// thereAndBack returns what a value comes back as, or why it doesn't.
func thereAndBack(codec pipeline.Codec, v pipeline.Value) string {
	data, err := codec.Encode(nil, v)
	if err != nil {
		return err.Error()
	}
	var back pipeline.Value
	if err := codec.Decode(data, &back); err != nil {
		return err.Error()
	}
	return back.String()
}

// Records of many shapes in turn, so that a shape is forgotten and comes
// again.
func TestShapes(t *testing.T) {
	codec := open(t, record(`{"name": "a", "type": ["null", "long"]}, {"name": "b", "type": ["null", "R"]}`), "")
	for _, value := range []string{
		`{a: 1, b: {a: 2, b: {}}}`, `{b: {a: 1}, a: 2}`, `{b: {b: {b: {a: 1}}}}`, `{}`, `{a: 1}`, `{b: null, a: 1}`, `{a: 1, b: {a: 2, b: {}}}`,
	} {
		again := open(t, record(`{"name": "a", "type": ["null", "long"]}, {"name": "b", "type": ["null", "R"]}`), "")
		v := plugintest.Value(t, value)
		if got, want := thereAndBack(codec, v), thereAndBack(again, v); got != want {
			t.Errorf("%s: got %s, want %s", value, got, want)
		}
	}
}

func TestUnions(t *testing.T) {
	const enum = `{"type": "enum", "name": "E", "symbols": ["A", "B"]}`
	const two = `{"type": "record", "name": "P", "fields": [{"name": "x", "type": "long"}]}, {"type": "record", "name": "Q", "fields": [{"name": "x", "type": "double"}, {"name": "y", "type": "long", "default": 0}]}`
	for _, test := range []struct {
		types string
		value pipeline.Value
		want  string // in hexadecimal, or an error
	}{
		{`"null", "double"`, null, "00"},
		{`"double", "null"`, null, "02"},
		{`"null", "double"`, f(1), "02000000000000f03f"},
		{`"double", "null"`, f(1), "00000000000000f03f"},
		{`"double", "null"`, i(1), "00000000000000f03f"},
		{`"double", "null"`, text("1"), `wants double or null, not string "1"`},
		{`"null", "double"`, i(1<<53 + 1), "wants double, not int 9007199254740993, which it can't hold exactly"},
		{`"double", "long"`, i(1), "0202"},
		{`"int", "long"`, i(1), "0002"},
		{`"int", "long"`, i(1 << 40), "02808080808040"},
		{`"float", "double"`, f(0.1), "029a9999999999b93f"},
		{`"float", "string"`, i(1), "000000803f"},
		{`"float", "long"`, f(0.5), "000000003f"},
		{enum + `, "string"`, text("A"), "020241"},
		{enum + `, "bytes"`, text("A"), "0000"},
		{enum + `, "bytes"`, text("C"), "020243"},
		{`"bytes", "string"`, text("A"), "020241"},
		{`"string", "bytes"`, raw("A"), "020241"},
		{`{"type": "fixed", "name": "F", "size": 1}, {"type": "bytes", "logicalType": "decimal", "precision": 9}`, text("1"), "020201"},
		{`"string", ` + logical("long", "timestamp-millis"), when, "02a6ea87baff5d"},
		{`"string", ` + logical("long", "timestamp-millis"), text("2021-01-01"), "0014" + fmt.Sprintf("%x", "2021-01-01")},
		{logical("int", "date") + `, ` + logical("long", "timestamp-millis"), when, "02a6ea87baff5d"},
		{logical("int", "date") + `, "long"`, i(1), "0202"},
		{`"null", ` + logical("long", "timestamp-millis") + `, ` + enum, text("2021-03-04 05:06:07.123"), "02a6ea87baff5d"},
		{`"null", ` + logical("long", "timestamp-millis") + `, ` + enum, text("soon"), `wants null or timestamp-millis or enum E, not string "soon"`},
		{two, plugintest.Value(t, "{x: 1}"), "0002"},
		{two, plugintest.Value(t, "{x: 1.0}"), "02000000000000f03f00"},
		{two, plugintest.Value(t, "{x: 1, y: 1}"), "02000000000000f03f02"},
		{two, plugintest.Value(t, "{y: 1}"), "wants record P or record Q, not a struct"},
		{`{"type": "map", "values": "string"}, {"type": "array", "items": "long"}`, plugintest.Value(t, "[1]"), "02020200"},
	} {
		data, err := open(t, "["+test.types+"]", "").Encode([]byte(">"), test.value)
		got := strings.TrimPrefix(fmt.Sprintf("%x", data), "3e")
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s, %v:\n got %s\nwant %s", test.types, test.value, got, test.want)
		}
	}
}

func TestDecimals(t *testing.T) {
	of := func(precision, scale int) string {
		return fmt.Sprintf(`{"type": "bytes", "logicalType": "decimal", "precision": %d, "scale": %d}`, precision, scale)
	}
	const fixed = `{"type": "fixed", "name": "D", "size": 3, "logicalType": "decimal", "precision": 4, "scale": 2}`
	for _, test := range []struct {
		schema string
		value  pipeline.Value
		want   string
	}{
		{of(4, 2), text("12.34"), `"12.34"`},
		{of(4, 2), text("-0.5"), `"-0.50"`},
		{of(4, 2), text("-.5"), `"-0.50"`},
		{of(4, 2), text("+12.3400"), `"12.34"`},
		{of(4, 2), text("1234e-2"), `"12.34"`},
		{of(4, 2), text("0"), `"0.00"`},
		{of(4, 2), text("-0"), `"0.00"`},
		{of(4, 0), i(-1234), `"-1234"`},
		{of(4, 2), f(12.3), `"12.30"`},
		{of(4, 4), f(1e-4), `"0.0001"`},
		{of(40, 0), f(1e21), `"1000000000000000000000"`},
		{of(38, 2), text("123456789012345678901234567890123456.78"), `"123456789012345678901234567890123456.78"`},
		{of(38, 2), text("-123456789012345678901234567890123456.78"), `"-123456789012345678901234567890123456.78"`},
		{of(19, 0), i(math.MinInt64), `"-9223372036854775808"`},
		{of(20, 0), text("-18446744073709551616"), `"-18446744073709551616"`},
		{fixed, text("-12.34"), `"-12.34"`},
		{fixed, text("99.99"), `"99.99"`},
		{of(4, 2), text("12.345"), `wants decimal(4,2), not string "12.345", which has more than 2 digits after the point`},
		{of(4, 2), text("123"), `wants decimal(4,2), not string "123", which has more than 2 digits before the point`},
		{of(4, 2), f(1e300), `wants decimal(4,2), not float 1e+300, which has more than 2 digits before the point`},
		{of(4, 2), f(math.Inf(1)), `wants decimal(4,2), not float +Inf, which is no decimal number`},
		{of(4, 2), text("1e99999"), `wants decimal(4,2), not string "1e99999", which is no decimal number`},
		{of(4, 2), text("1,5"), `wants decimal(4,2), not string "1,5", which is no decimal number`},
		{of(4, 2), text("."), `wants decimal(4,2), not string ".", which is no decimal number`},
		{of(4, 2), text(""), `wants decimal(4,2), not string "", which is no decimal number`},
		{of(4, 2), raw("1"), `wants decimal(4,2), not 1 bytes`},
	} {
		if got := thereAndBack(open(t, test.schema, ""), test.value); got != test.want {
			t.Errorf("%s, %v:\n got %s\nwant %s", test.schema, test.value, got, test.want)
		}
	}
}
