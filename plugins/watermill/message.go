package watermill

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
)

// UUIDHeader is the header of a record that holds its message's UUID. It is
// the one that Watermill itself uses in Kafka, so a UUID is kept whichever way
// a message goes.
const UUIDHeader = "_watermill_message_uuid"

// Fill makes a record of a message: the payload is its raw value, the metadata
// are its headers, by name, and the UUID is one of them.
func Fill(r *pipeline.Record, m *message.Message) {
	r.Raw = m.Payload
	appendHeaders(r, m)
	if known := recordOf(m); known != nil {
		r.Key, r.Time = known.key, known.time
	}
}

// appendHeaders adds the metadata and the UUID to a record's headers, by name.
func appendHeaders(r *pipeline.Record, m *message.Message) {
	if m.UUID != "" {
		r.Headers = append(r.Headers, pipeline.Header{Key: UUIDHeader, Value: []byte(m.UUID)})
	}
	for name, value := range m.Metadata {
		r.Headers = append(r.Headers, pipeline.Header{Key: name, Value: []byte(value)})
	}
	slices.SortFunc(r.Headers, func(a, b pipeline.Header) int { return strings.Compare(a.Key, b.Key) })
}

// Message makes a message of a record whose value is payload, which the
// message keeps. A record without a UUID gets a new one. Of headers of one
// name, the last one counts. Its context is ctx, with the record's key, time and
// origin, for Key, Time and Origin, and for the functions of watermill-kafka.
func Message(ctx context.Context, r *pipeline.Record, payload []byte) *message.Message {
	m := message.NewMessage("", payload)
	for _, h := range r.Headers {
		if h.Key == UUIDHeader {
			m.UUID = string(h.Value)
			continue
		}
		m.Metadata[h.Key] = string(h.Value)
	}
	if m.UUID == "" {
		m.UUID = watermill.NewUUID()
	}
	m.SetContext(&recordContext{ctx, slices.Clone(r.Key), r.Time, r.Origin})
	return m
}

// Logger is a pipeline's log for Watermill, whose everyday messages are for
// debugging.
func Logger(log *slog.Logger) watermill.LoggerAdapter {
	return watermill.NewSlogLoggerWithLevelMapping(log, map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug})
}
