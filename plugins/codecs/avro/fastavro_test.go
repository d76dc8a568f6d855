package avro_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// TestFastavro needs Python and its fastavro; TestIntegrationFastavro brings
// the latter along.
func TestFastavro(t *testing.T) {
	if err := exec.Command("python3", "-c", "import fastavro").Run(); err != nil {
		t.Skip("python3 has no fastavro")
	}
	checkFastavro(t)
}

// What we write, and what fastavro reads, as JSON.
var forFastavro = []struct{ schema, value, want string }{
	{"", `{timestamp: "2026-03-02 08:00:00.600", sensor: boiler, value: 50.69, status: ok}`,
		`{"timestamp": "2026-03-02 08:00:00.600", "sensor": "boiler", "value": 50.69, "status": "ok"}`},
	{"", `{timestamp: "ä🙂", sensor: "", value: -1, status: "\0"}`,
		`{"timestamp": "\u00e4\ud83d\ude42", "sensor": "", "value": -1.0, "status": "\u0000"}`},
	{`["null", "boolean", "int", "string"]`, `null`, `null`},
	{`["null", "boolean", "int", "string"]`, `-2147483648`, `-2147483648`},
	{`["double", "null"]`, `1`, `1.0`},
	{`"long"`, `-9223372036854775808`, `-9223372036854775808`},
	{`"float"`, `0.5`, `0.5`},
	{`"bytes"`, `"ab"`, `"ab"`},
	{`{"type": "fixed", "name": "F", "size": 2}`, `"ab"`, `"ab"`},
	{`{"type": "enum", "name": "E", "symbols": ["A", "B"]}`, `B`, `"B"`},
	{`{"type": "array", "items": ["null", {"type": "map", "values": "long"}]}`, `[null, {a: 1, b: 2}, {}]`, `[null, {"a": 1, "b": 2}, {}]`},
	{logical("long", "timestamp-millis"), `"2021-03-04 05:06:07.123"`, `"2021-03-04T05:06:07.123000+00:00"`},
	{logical("long", "timestamp-micros"), `"1969-12-31 23:59:59.999999"`, `"1969-12-31T23:59:59.999999+00:00"`},
	{logical("long", "local-timestamp-millis"), `"2021-03-04 05:06:07.123"`, `"2021-03-04T05:06:07.123000"`},
	{logical("int", "date"), `"1969-12-31"`, `"1969-12-31"`},
	{logical("int", "time-millis"), `"23:59:59.999"`, `"23:59:59.999000"`},
	{logical("long", "time-micros"), `"08:30:00"`, `"08:30:00"`},
	{logical("string", "uuid"), `"123e4567-e89b-12d3-a456-426614174000"`, `"123e4567-e89b-12d3-a456-426614174000"`},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}`, `"-12345.6"`, `"-12345.60"`},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 38}`, `"-99999999999999999999999999999999999999"`, `"-99999999999999999999999999999999999999"`},
	{`{"type": "fixed", "name": "D", "size": 9, "logicalType": "decimal", "precision": 5, "scale": 5}`, `"-0.00001"`, `"-0.00001"`},
	{record(`{"name": "a", "type": ["null", "R"]}, {"name": "b", "type": "string", "default": "x"}`), `{a: {b: y}}`, `{"a": {"a": null, "b": "y"}, "b": "x"}`},
}

func checkFastavro(t *testing.T) {
	var questions bytes.Buffer
	var codecs []pipeline.Codec
	var values []pipeline.Value
	for _, c := range forFastavro {
		if c.schema == "" {
			c.schema = readingSchema(t)
		}
		codec := open(t, c.schema, "")
		data, err := codec.Encode(nil, plugintest.Value(t, c.value))
		if err != nil {
			t.Fatal(err)
		}
		var v pipeline.Value
		if err := codec.Decode(data, &v); err != nil {
			t.Fatal(err)
		}
		codecs, values = append(codecs, codec), append(values, v)
		question := map[string]any{"schema": json.RawMessage(c.schema), "data": hex.EncodeToString(data)}
		if err := json.NewEncoder(&questions).Encode(question); err != nil {
			t.Fatal(err)
		}
	}
	python := exec.Command("python3", "testdata/peer.py")
	python.Stdin, python.Stderr = &questions, os.Stderr
	answers, err := python.Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(answers))
	for n, c := range forFastavro {
		var answer struct{ Value, Data string }
		if err := decoder.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, answer.Value); diff != "" {
			t.Errorf("%s, %s: fastavro reads (-want +got):\n%s", c.schema, c.value, diff)
		}
		var back pipeline.Value
		if err := codecs[n].Decode(unhex(t, answer.Data), &back); err != nil || !back.Equal(values[n]) {
			t.Errorf("%s, %s: from fastavro it comes back as %v, %v", c.schema, c.value, back, err)
		}
	}
}
