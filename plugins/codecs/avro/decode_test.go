package avro_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

func unhex(t *testing.T, digits string) []byte {
	t.Helper()
	data, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecode(t *testing.T) {
	const long = `{"type": "array", "items": "long"}`
	const recursive = `{"type": "record", "name": "R", "fields": [{"name": "next", "type": ["null", "R"]}]}`
	for _, test := range []struct {
		name, schema, data, want string
	}{
		{"blocks", long, "020204040600", "[1 2 3]"},
		{"blocks with sizes", long, "0102020303" + "0406" + "00", "[1 2 3]"},
		{"long that is not the shortest", `"long"`, "8200", "1"},
		{"map in blocks", `{"type": "map", "values": "long"}`, "02026102" + "02026204" + "00", "{a: 1, b: 2}"},
		{"timestamp", logical("long", "timestamp-millis"), "a6ea87baff5d", "2021-03-04T05:06:07.123Z"},
		{"timestamp before 1970", logical("long", "timestamp-micros"), "01", "1969-12-31T23:59:59.999999Z"},
		{"date", logical("int", "date"), "84a402", "2021-03-04T00:00:00Z"},
		{"time of day", logical("int", "time-millis"), "d40f", `"00:00:01.002"`},
		{"time of day in microseconds", logical("long", "time-micros"), "80897a", `"00:00:01.000000"`},
		{"decimal with more bytes than needed", `{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}`, "06ffff85", `"-12.3"`},
		{"decimal without bytes", `{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}`, "00", `"0.0"`},
		{"float", `"float"`, "cdcccc3d", "0.10000000149011612"},

		{"nothing", `"long"`, "", "invalid Avro at byte 1: ends in the middle of a number"},
		{"half a number", `"long"`, "80", "invalid Avro at byte 1: ends in the middle of a number"},
		{"too large", `"long"`, "ffffffffffffffffff02", "invalid Avro at byte 1: holds an integer of more than 64 bits"},
		{"too long", `"long"`, "8080808080808080808001", "invalid Avro at byte 1: holds an integer of more than 64 bits"},
		{"too large for int", `"int"`, "8080808010", "invalid Avro at byte 6: wants int, not 2147483648, which takes more than 32 bits"},
		{"no boolean", `"boolean"`, "02", "invalid Avro at byte 1: wants boolean, 0 or 1, not byte 2"},
		{"half a double", `"double"`, "0000", "invalid Avro at byte 1: wants 8 bytes, of which 2 are there"},
		{"half a float", `"float"`, "", "invalid Avro at byte 1: wants 4 bytes, of which 0 are there"},
		{"text of negative length", `"string"`, "01", "invalid Avro at byte 2: a length of -1: the value is corrupt, or was not written with this schema"},
		{"text of great length", `"string"`, "fcffffffffffffffff01" + "61", "invalid Avro at byte 11: wants 9223372036854775806 bytes, of which 1 are there"},
		{"text that is not UTF-8", `"string"`, "02ff", "invalid Avro at byte 3: text is not UTF-8"},
		{"no symbol", `{"type": "enum", "name": "E", "symbols": ["A"]}`, "02", "invalid Avro at byte 2: enum E has no symbol number 1"},
		{"no such type", `["null", "long"]`, "04", "invalid Avro at byte 2: wants null or long, not type number 2 of 2"},
		{"no such type either", `["null", "long"]`, "01", "invalid Avro at byte 2: wants null or long, not type number -1 of 2"},
		{"too many elements", long, "feffffffffffffffff01", "invalid Avro at byte 11: announces 9223372036854775807 elements, more than its bytes can hold"},
		{"negative elements", long, "ffffffffffffffffff01" + "00", "invalid Avro at byte 12: announces 9223372036854775808 elements, more than its bytes can hold"},
		{"elements without bytes", `{"type": "array", "items": {"type": "array", "items": "null"}}`, "0480800800" + "80800800" + "00", "invalid Avro at byte 9: field [1]: announces 65536 elements, more than its bytes can hold"},
		{"element", long, "0402", "invalid Avro at byte 3: field [1]: ends in the middle of a number"},
		{"entry", `{"type": "map", "values": "long"}`, "020261", "invalid Avro at byte 4: field a: ends in the middle of a number"},
		{"more than a value", `"long"`, "0200", "invalid Avro at byte 2: 1 bytes are left after the value: it was written with another schema"},
		{"deep", recursive, strings.Repeat("02", 600) + "00", "invalid Avro at byte 513: field " + strings.Repeat("next.", 511) + "next: nested more than 512 deep"},
		{"endless", record(`{"name": "a", "type": "R"}`), "", "invalid Avro at byte 1: field " + strings.Repeat("a.", 511) + "a: nested more than 512 deep"},
		{"timestamp out of range", logical("long", "timestamp-millis"), "feffffffffffffffff01", "invalid Avro at byte 11: timestamp-millis 9223372036854775807 lies outside the years 1678 to 2261"},
		{"date out of range", logical("int", "date"), "feffffff0f", "invalid Avro at byte 6: date 2147483647 lies outside the years 1678 to 2261"},
		{"no time of day", logical("int", "time-millis"), "01", "invalid Avro at byte 2: time-millis -1 is no time of day"},
		{"decimal of more digits", `{"type": "bytes", "logicalType": "decimal", "precision": 2}`, "0264", "invalid Avro at byte 3: wants decimal(2,0), not a number of more digits"},
		{"decimal of many bytes", `{"type": "bytes", "logicalType": "decimal", "precision": 2}`, "0a0102030405", "invalid Avro at byte 7: wants decimal(2,0), not a number of more digits"},
		{"registry", record(`{"name": "a", "type": "string"}, {"name": "b", "type": "double"}`), "0000000007" + "0261" + "000000000000f03f", "invalid Avro at byte 1: begins with the header of a schema registry, which this codec doesn't read"},
	} {
		codec := open(t, test.schema, "")
		for range 2 { // a failure leaves nothing behind
			var v pipeline.Value
			got := ""
			if err := codec.Decode(unhex(t, test.data), &v); err != nil {
				got = err.Error()
			} else {
				got = v.String()
			}
			if got != test.want {
				t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
			}
		}
	}
}

// A record's memory is used again; what it held before may be kept if it is
// text, and must be if it lies deeper.
func TestMemory(t *testing.T) {
	codec := open(t, record(`{"name": "s", "type": "string"}, {"name": "in", "type": {"type": "map", "values": "long"}}`), "")
	var v, kept pipeline.Value
	for n, data := range []string{"0261" + "02026b0200", "0262" + "02026b0400"} {
		if err := codec.Decode(unhex(t, data), &v); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			kept = pipeline.List([]pipeline.Value{v.Fields()[0].Value, v.Fields()[1].Value})
		}
	}
	if got, want := fmt.Sprint(kept, v), `["a" {k: 1}] {s: "b", in: {k: 2}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The first value that is JSON says what to look at.
func TestHint(t *testing.T) {
	const hint = "; the value is JSON: the writer may use another codec: set codec, to json"
	codec := open(t, record(`{"name": "s", "type": "string"}, {"name": "d", "type": "double"}`), "")
	for _, tc := range []struct{ data, want string }{
		{"\x02", "invalid Avro at byte 2: field s: wants 1 bytes, of which 0 are there"},
		{`{"s": "a", "d": 1}`, "invalid Avro at byte 2: field s: a length of -62: the value is corrupt, or was not written with this schema" + hint},
		{`{"s": "a", "d": 1}`, "invalid Avro at byte 2: field s: a length of -62: the value is corrupt, or was not written with this schema"},
	} {
		var v pipeline.Value
		if err := codec.Decode([]byte(tc.data), &v); err == nil || err.Error() != tc.want {
			t.Errorf("%q: %v, want %s", tc.data, err, tc.want)
		}
	}
}
