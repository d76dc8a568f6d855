package jsonvalue_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

var documents = []struct{ name, json string }{
	{"reading", `{"timestamp":"2021-01-01 00:00:00","sensor":"kitchen","value":21.37,"count":42}`},
	{"tutorial", `{"2021-01-01 00:00:00":51.0}`},
	{"unicode", `{"city":"Zürich","note":"12 °C, später Föhn","who":"Jürg Müller","at":"höö"}`},
	{"escaped", `{"a":"two\nlines","b":"a \"quoted\" word","c":"C:\\data","d":"\u00e9"}`},
	{"nested", `{"id":7,"tags":["a","b","c"],"place":{"lat":47.3769,"lon":8.5417},"ok":true}`},
	{"long floats", `{"a":0.1234567890123456,"b":98.76543210987654,"c":1.7976931348623157,"d":3.141592653589793}`},
	{"wide", wide(100)},
}

func wide(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"column %d":%d.5`, i, i)
	}
	return "{" + b.String()[1:] + "}"
}

func BenchmarkAppend(b *testing.B) {
	for _, doc := range documents {
		b.Run(doc.name, func(b *testing.B) {
			v := decode(b, doc.json)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = jsonvalue.Append(dst[:0], v, jsonvalue.Compact); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, doc := range documents {
		b.Run(doc.name, func(b *testing.B) {
			var d jsonvalue.Decoder
			var v pipeline.Value
			data := []byte(doc.json)
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := d.Decode(data, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStandardLibrary is what the above is to be compared with.
func BenchmarkStandardLibrary(b *testing.B) {
	doc := []byte(documents[0].json)
	var v any
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v = nil
			if err := json.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func decode(t testing.TB, doc string) pipeline.Value {
	t.Helper()
	var d jsonvalue.Decoder
	var v pipeline.Value
	if err := d.Decode([]byte(doc), &v); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return v
}
