package jsonvalue_test

import (
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

func TestOfRecord(t *testing.T) {
	for _, test := range []struct {
		name   string
		record pipeline.Record
		want   pipeline.Value
	}{
		{"decoded", pipeline.Record{Value: pipeline.Int(1), Raw: []byte("1")}, pipeline.Int(1)},
		{"decoded null", pipeline.Record{Raw: []byte("null")}, pipeline.Null()},
		{"nothing", pipeline.Record{}, pipeline.Null()},
		{"undecoded text", pipeline.Record{Raw: []byte("ä")}, pipeline.String("ä")},
		{"undecoded empty", pipeline.Record{Raw: []byte{}}, pipeline.String("")},
		{"undecoded bytes", pipeline.Record{Raw: []byte{0xff}}, pipeline.Bytes([]byte{0xff})},
	} {
		if got := jsonvalue.OfRecord(&test.record); !got.Equal(test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
