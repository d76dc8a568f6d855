package watermill

import (
	"context"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// What a message's context tells of its record, by this package's functions and
// by those of watermill-kafka, for which handlers are written that exist.
func TestContext(t *testing.T) {
	type own struct{}
	ctx := context.WithValue(t.Context(), own{}, "own")
	at := time.Unix(1, 0)
	r := pipeline.Record{Key: []byte("k"), Time: at, Origin: pipeline.Origin{Source: "topic", Partition: 2, Offset: 7}}
	m := Message(ctx, &r, nil)
	r.Key[0] = 'x' // the record's memory is used again
	if string(Key(m)) != "k" || !Time(m).Equal(at) || Origin(m) != r.Origin {
		t.Errorf("key %q, time %v, origin %v", Key(m), Time(m), Origin(m))
	}
	key, _ := kafka.MessageKeyFromCtx(m.Context())
	when, _ := kafka.MessageTimestampFromCtx(m.Context())
	partition, _ := kafka.MessagePartitionFromCtx(m.Context())
	offset, _ := kafka.MessagePartitionOffsetFromCtx(m.Context())
	if diff := cmp.Diff([]any{"k", at, int32(2), int64(7)}, []any{string(key), when, partition, offset}); diff != "" {
		t.Errorf("watermill-kafka's functions (-want +got):\n%s", diff)
	}
	if got := m.Context().Value(own{}); got != "own" {
		t.Errorf("the context's own value is %v", got)
	}
}

func TestContextWithout(t *testing.T) {
	given := pipeline.Record{Key: []byte("k"), Time: time.Unix(1, 0)}
	above := Message(t.Context(), &given, nil)
	m := Message(above.Context(), &pipeline.Record{}, nil)
	if _, ok := kafka.MessageTimestampFromCtx(m.Context()); ok || Key(m) != nil || !Time(m).IsZero() {
		t.Error("a record without a key and a time has those of another one")
	}
	bare := message.NewMessage("", nil)
	if Key(bare) != nil || !Time(bare).IsZero() || Origin(bare) != (pipeline.Origin{}) {
		t.Error("a message that is of no record has a key, a time or an origin")
	}
}
