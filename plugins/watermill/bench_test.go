package watermill

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
)

// BenchmarkHandle handles a record as a function in Watermill's signature does.
func BenchmarkHandle(b *testing.B) {
	h := &handler{wantsPayload: true, chain: func(*message.Message) ([]*message.Message, error) { return nil, nil }}
	r := pipeline.Record{
		Key: []byte("boiler"), Time: time.Unix(1, 0), Encoded: []byte(`{"sensor":"boiler","value":51.2}`),
		Headers: []pipeline.Header{{Key: UUIDHeader, Value: []byte("bd9f3d9c-4c4e-4b1c-8a08-2d3d1f9e5d52")}},
		Origin:  pipeline.Origin{Source: "readings", Partition: 2, Offset: 7},
	}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if err := h.HandleRecord(ctx, &r, nil); err != nil {
			b.Fatal(err)
		}
	}
}
