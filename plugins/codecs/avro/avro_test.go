package avro_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	_ "github.com/pipeline-daemon/pipeline/plugins/codecs/avro"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// schemaFile writes a schema to a folder of its own.
func schemaFile(t testing.TB, schema string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "t.avsc")
	if err := os.WriteFile(file, []byte(schema), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func bind(t testing.TB, file, more string) (*pipeline.Bound[pipeline.Codec], error) {
	t.Helper()
	return pipeline.BindCodec(plugintest.Node(t, fmt.Sprintf("avro: {schema: %q%s}", file, more)))
}

func open(t testing.TB, schema, more string) pipeline.Codec {
	t.Helper()
	bound, err := bind(t, schemaFile(t, schema), more)
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	codec, err := bound.Open(t.Context(), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// record returns the schema of a record with one field.
func record(field string) string {
	return `{"type": "record", "name": "R", "fields": [` + field + `]}`
}

func TestOptions(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindCodec, []plugintest.Mistake{
		{Options: `avro`, Want: `t.yaml:1:1: schema: names no file; the codec needs one, such as  codec: {avro: {schema: schemas/reading.avsc}}`},
		{Options: `avro: {schema: none.avsc}`, Want: `t.yaml:1:8: schema: can't read none.avsc: no such file or directory`},
		{Options: `avro: {schema: .}`, Want: `t.yaml:1:8: schema: can't read .: is a directory`},
		{Options: `avro: {schema: none.avsc, extra_fields: keep}`, Want: `t.yaml:1:27: extra_fields: wants error or drop, not "keep"
t.yaml:1:8: schema: can't read none.avsc: no such file or directory`},
	})
}

// A mistake in a schema has its place in both files.
func TestMistakes(t *testing.T) {
	for _, test := range []struct{ name, schema, want string }{
		{"nothing", ``, `1:1: is not JSON: unexpected end of JSON input`},
		{"syntax", "{\n  \"type\": \"ä\",,\n}", `2:15: is not JSON: invalid character ',' looking for beginning of object key string`},
		{"two values", "\"string\"\n\"int\"", `2:1: is not JSON: invalid character '"' after top-level value`},
		{"unknown type", `"strin"`, `1:1: unknown type: strin`},
		{"no schema", `5`, `1:1: unknown type: 5`},
		{"unknown type of a field", record("\n{\"name\": \"a\", \"type\": \"long\"},\n{\"name\": \"b\", \"type\": \"lon\"}"), `3:23: unknown type: lon`},
		{"field without type", record("\n{\"name\": \"a\"}"), `2:1: field requires a type`},
		{"bad field name", record("\n{\"name\": \"max temp\", \"type\": \"long\"}"), `2:1: invalid name max temp`},
		{"field twice", record(`{"name": "a", "type": "long"}, {"name": "a", "type": "int"}`), `1:1: duplicate field name "a"`},
		{"no fields", `{"type": "record", "name": "R"}`, `1:1: record must have an array of fields`},
		{"bad name", `{"type": "record", "name": "1", "fields": [{"name": "a", "type": "lon"}]}`, `1:1: invalid name part "1" in name "1": invalid name 1`},
		{"deep", record("{\"name\": \"a\", \"type\": {\"type\": \"array\", \"items\":\n  [\"null\", {\"type\": \"map\", \"values\":\n    \"lon\"}]}}"), `3:5: unknown type: lon`},
		{"in a union as a type", record(`{"name": "a", "type": {"type": ["null", "lon"]}}`), `1:84: unknown type: lon`},
		{"after a reference to itself", record(`{"name": "next", "type": ["null", "R"]}, {"name": "a", "type": "lon"}`), `1:107: unknown type: lon`},
		{"after a reference, in a namespace", `{"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "next", "type": ["null", "n.R"]}, {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A"]}}, {"name": "f", "type": "E"}, {"name": "a", "type": "n.F"}]}`, `1:227: unknown type: n.F`},
		{"name twice", record(`{"name": "a", "type": {"type": "fixed", "name": "F", "size": 1}}, {"name": "b", "type": {"type": "fixed", "name": "F", "size": 1}}`), `1:1: duplicate name "F"`},
		{"no symbols", `{"type": "enum", "name": "E", "symbols": []}`, `1:1: enum must have a non-empty array of symbols`},
		{"union in a union", record(`{"name": "a", "type": ["int", ["null", "string"]]}`), `1:66: union type cannot be a union`},
		{"same type twice in a union", record(`{"name": "a", "type": ["int", "int"]}`), `1:66: union type must be unique`},
		{"empty union", record(`{"name": "a", "type": []}`), `1:66: a union needs a type`},
		{"wrong default", record("{\"name\": \"a\", \"type\": \"long\",\n \"default\": \"x\"}"), `2:13: is no default of the field's type; that of a union is of its first type`},
		{"wrong default of a union", record(`{"name": "a", "type": ["string", "null"], "default": null}`), `1:97: is no default of the field's type; that of a union is of its first type`},
		{"default of a record without all", record(`{"name": "a", "type": {"type": "record", "name": "S", "fields": [{"name": "x", "type": "int"}]}, "default": {}}`), `1:152: is no default of the field's type; that of a union is of its first type`},
		{"default with a fraction", record("{\"name\": \"a\", \"type\": \"long\",\n \"default\": 1.5}"), `2:13: default: wants long, not float 1.5`},
		{"default beyond int", record(`{"name": "a", "type": {"type": "array", "items": "int"}, "default": [1, 3000000000]}`), `1:112: default: field [1]: wants int, not int 3000000000, which takes more than 32 bits: make it long`},
		{"default beyond 64 bits", record(`{"name": "a", "type": "long", "default": 9223372036854775808}`), `1:85: invalid JSON at byte 1: 9223372036854775808 doesn't fit into a 64-bit integer`},
		{"default of itself", record(`{"name": "a", "type": "R", "default": {}}`), `1:1: can't be read: is a record the default of its own field?`},
		{"type of a type", `{"type": {"type": "string"}}`, `1:1: unknown type: map[type:map[type:string]]`},
		{"decimal without precision", record(`{"name": "a", "type": {"type": "bytes", "logicalType": "decimal"}}`), `1:99: decimal must stand on bytes or fixed, with a precision that fits and a scale up to it`},
		{"decimal too large", `{"type": "fixed", "name": "D", "size": 2, "logicalType": "decimal", "precision": 5}`, `1:58: decimal must stand on bytes or fixed, with a precision that fits and a scale up to it`},
		{"decimal on a string", `{"type": "string", "logicalType": "decimal", "precision": 5}`, `1:35: decimal must stand on bytes or fixed, with a precision that fits and a scale up to it`},
		{"timestamp on int", `{"type": "int", "logicalType": "timestamp-millis"}`, `1:32: timestamp-millis must stand on long`},
		{"nanos on string", `{"type": "string", "logicalType": "timestamp-nanos"}`, `1:35: timestamp-nanos must stand on long`},
		{"uuid on 15 bytes", `{"type": "fixed", "name": "U", "size": 15, "logicalType": "uuid"}`, `1:59: uuid must stand on string, or fixed of 16 bytes`},
		{"date on bytes", `{"type": "fixed", "name": "U", "size": 4, "logicalType": "date"}`, `1:58: date must stand on int`},
		{"duration", `{"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}`, `1:59: duration, which is months, days and milliseconds, is not supported; leave logicalType out to have its bytes`},
	} {
		file := schemaFile(t, test.schema)
		_, err := bind(t, file, "")
		if want := "t.yaml:1:8: schema: " + file + ":" + test.want; fmt.Sprint(err) != want {
			t.Errorf("%s:\n got %v\nwant %s", test.name, err, want)
		}
	}
}
