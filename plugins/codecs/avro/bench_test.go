package avro_test

import (
	"os"
	"testing"
	"time"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// samples are records as pipelines write them.
var samples = []struct {
	name, schema string
	value        func(t testing.TB) pipeline.Value
}{
	{"reading", "", yaml(`{timestamp: "2026-03-02 08:00:00.600", sensor: boiler, value: 50.69, status: ok}`)},
	{"nullable", record(`{"name": "sensor", "type": ["null", "string"]}, {"name": "value", "type": ["double", "null"]}, {"name": "quality", "type": ["null", "long"]}`),
		yaml(`{sensor: boiler, value: 50.69, quality: null}`)},
	{"text as timestamp", record(`{"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}}, {"name": "value", "type": "double"}`),
		yaml(`{timestamp: "2026-03-02 08:00:00.600", value: 50.69}`)},
	{"nested", record(`{"name": "id", "type": "long"}, {"name": "tags", "type": {"type": "array", "items": "string"}}, {"name": "place", "type": {"type": "record", "name": "P", "fields": [{"name": "lat", "type": "double"}, {"name": "lon", "type": "double"}]}}`),
		yaml(`{id: 7, tags: [a, b, c], place: {lat: 47.3769, lon: 8.5417}}`)},
	{"decimal", record(`{"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}}`), yaml(`{price: "12345.67"}`)},
}

func yaml(text string) func(testing.TB) pipeline.Value {
	return func(t testing.TB) pipeline.Value { return plugintest.Value(t, text) }
}

func openSample(t testing.TB, schema string) pipeline.Codec {
	t.Helper()
	if schema == "" {
		schema = readingSchema(t)
	}
	return open(t, schema, "")
}

func readingSchema(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../../schemas/reading.avsc")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func BenchmarkEncode(b *testing.B) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) {
			codec, v := openSample(b, s.schema), s.value(b)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = codec.Encode(dst[:0], v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) {
			codec := openSample(b, s.schema)
			data, err := codec.Encode(nil, s.value(b))
			if err != nil {
				b.Fatal(err)
			}
			v := pipeline.Struct(nil)
			b.ReportAllocs()
			for b.Loop() {
				if err := codec.Decode(data, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOthers are what a reading costs otherwise: as JSON, and through
// hamba's own maps.
func BenchmarkOthers(b *testing.B) {
	v := samples[0].value(b)
	b.Run("json encode", func(b *testing.B) {
		var dst []byte
		for b.Loop() {
			dst, _ = jsonvalue.Append(dst[:0], v, jsonvalue.Compact)
		}
	})
	b.Run("json decode", func(b *testing.B) {
		data, _ := jsonvalue.Append(nil, v, jsonvalue.Compact)
		var d jsonvalue.Decoder
		for b.Loop() {
			_ = d.Decode(data, &v)
		}
	})
	schema := hamba.MustParse(readingSchema(b))
	asMap := map[string]any{"timestamp": "2026-03-02 08:00:00.600", "sensor": "boiler", "value": 50.69, "status": "ok"}
	b.Run("hamba encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = hamba.Marshal(schema, asMap)
		}
	})
	b.Run("hamba decode", func(b *testing.B) {
		data, _ := hamba.Marshal(schema, asMap)
		b.ReportAllocs()
		for b.Loop() {
			var v any
			_ = hamba.Unmarshal(schema, data, &v)
		}
	})
	b.Run("hamba reader", func(b *testing.B) {
		data, _ := hamba.Marshal(schema, asMap)
		r := hamba.NewReader(nil, 0)
		b.ReportAllocs()
		for b.Loop() {
			r.Reset(data)
			_, _, _, _ = r.ReadString(), r.ReadString(), r.ReadDouble(), r.ReadString()
		}
	})
}

// A record that is encoded costs no allocation, and one that is decoded none
// on average.
func TestAllocations(t *testing.T) {
	for _, s := range samples {
		codec, v := openSample(t, s.schema), s.value(t)
		data, err := codec.Encode(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]byte, 0, 256)
		if n := testing.AllocsPerRun(1000, func() { _, err = codec.Encode(dst, v) }); n != 0 || err != nil {
			t.Errorf("%s: encoding takes %v allocations, %v", s.name, n, err)
		}
		back := pipeline.Struct(nil)
		if n := testing.AllocsPerRun(1000, func() { err = codec.Decode(data, &back) }); n > 0.1 || err != nil {
			t.Errorf("%s: decoding takes %v allocations, %v", s.name, n, err)
		}
	}
	times := openSample(t, logical("long", "timestamp-micros"))
	now := pipeline.Time(time.Now())
	dst := make([]byte, 0, 16)
	if n := testing.AllocsPerRun(1000, func() { _, _ = times.Encode(dst, now) }); n != 0 {
		t.Errorf("a time takes %v allocations", n)
	}
}
