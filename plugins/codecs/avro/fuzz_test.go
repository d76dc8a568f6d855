package avro_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// everything is a schema with every type.
const everything = `{"type": "record", "name": "R", "fields": [
	{"name": "a", "type": ["null", "boolean", "int", "double", "string", {"type": "enum", "name": "E", "symbols": ["A", "B"]}]},
	{"name": "b", "type": {"type": "array", "items": ["null", "R"]}},
	{"name": "c", "type": {"type": "map", "values": {"type": "array", "items": "null"}}},
	{"name": "d", "type": ["bytes", {"type": "fixed", "name": "F", "size": 3}, "float"]},
	{"name": "e", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}, {"type": "int", "logicalType": "date"}]},
	{"name": "f", "type": {"type": "int", "logicalType": "time-millis"}},
	{"name": "g", "type": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 4}},
	{"name": "h", "type": {"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}}
]}`

// FuzzDecode decodes anything. It must not panic, nor take memory beyond what
// the data can hold; and what is decoded must come back.
func FuzzDecode(f *testing.F) {
	codec := open(f, everything, "")
	for _, value := range []string{
		`{a: 1.5, b: [], c: {}, d: abc, e: null, f: "10:00:00", g: "-1.5", h: "123e4567-e89b-12d3-a456-426614174000"}`,
		`{a: B, b: [{a: x, b: [], c: {k: [null, null]}, d: 2.0, e: "2021-01-01", f: 5, g: "12345678901234567890", h: "123e4567-e89b-12d3-a456-426614174000"}], c: {}, d: "", e: "2021-01-01T00:00:00Z", f: 5, g: 0, h: "123e4567-e89b-12d3-a456-426614174000"}`,
	} {
		data, err := codec.Encode(nil, plugintest.Value(f, value))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v pipeline.Value
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := codec.Decode(data, &v)
		runtime.ReadMemStats(&after)
		if taken, most := after.TotalAlloc-before.TotalAlloc, uint64(16<<20+2000*len(data)); taken > most {
			t.Errorf("%d bytes take %d bytes of memory", len(data), taken)
		}
		if err != nil {
			return
		}
		again, err := codec.Encode(nil, v)
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		var back pipeline.Value
		if err := codec.Decode(again, &back); err != nil || !back.Equal(v) {
			t.Errorf("%v comes back as %v, %v", v, back, err)
		}
	})
}

// FuzzSchema reads anything as a schema. A mistake has a place.
func FuzzSchema(f *testing.F) {
	for _, schema := range []string{
		everything,
		`"string"`,
		`{"type": "record", "name": "n.R", "fields": [{"name": "a", "type": "R", "default": {}}]}`,
		`{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "R"], "default": null, "aliases": ["b"]}]}`,
		`{"type": "array", "items": {"type": "map", "values": ["null", {"type": "fixed", "name": "F", "size": 0}]}}`,
	} {
		f.Add([]byte(schema))
	}
	file := schemaFile(f, "")
	f.Fuzz(func(t *testing.T, schema []byte) {
		if err := os.WriteFile(file, schema, 0o644); err != nil {
			t.Fatal(err)
		}
		bound, err := bind(t, file, "")
		if err != nil {
			var line, column int
			if n, _ := fmt.Sscanf(err.Error(), "t.yaml:1:8: schema: "+file+":%d:%d: ", &line, &column); n != 2 {
				t.Errorf("no place: %v", err)
			}
			return
		}
		codec, err := bound.Open(t.Context(), pipeline.Env{})
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"null", "{}", "{a: 1, b: x}", "[{}]", "1"} {
			v := plugintest.Value(t, value)
			data, err := codec.Encode(nil, v)
			if err != nil {
				continue
			}
			if err := codec.Decode(data, &v); err != nil {
				t.Errorf("%s with %s: %s: %v", value, schema, hex.EncodeToString(data), err)
			}
		}
	})
}
