package watermill

import (
	"log/slog"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

func TestRecordOfMessage(t *testing.T) {
	m := message.NewMessage("abc", []byte("payload"))
	m.Metadata = message.Metadata{"z": "1", "a": "2", "correlation_id": "3"}
	var got pipeline.Record
	Fill(&got, m)
	want := []pipeline.Header{
		{Key: UUIDHeader, Value: []byte("abc")},
		{Key: "a", Value: []byte("2")},
		{Key: "correlation_id", Value: []byte("3")},
		{Key: "z", Value: []byte("1")},
	}
	if diff := cmp.Diff(want, got.Headers); diff != "" || string(got.Raw) != "payload" {
		t.Errorf("%q\n%s", got.Raw, diff)
	}
	back := Message(t.Context(), &got, got.Raw)
	if !back.Equals(m) {
		t.Errorf("got %v, want %v", back, m)
	}
}

func TestMessageOfRecord(t *testing.T) {
	r := pipeline.Record{Headers: []pipeline.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}}}
	m := Message(t.Context(), &r, nil)
	if diff := cmp.Diff(message.Metadata{"a": "2"}, m.Metadata); diff != "" || m.Payload != nil {
		t.Errorf("%q\n%s", m.Payload, diff)
	}
	if other := Message(t.Context(), &r, nil); m.UUID == "" || m.UUID == other.UUID {
		t.Errorf("the UUIDs are %q and %q", m.UUID, other.UUID)
	}
}

var discard = slog.New(slog.DiscardHandler)
