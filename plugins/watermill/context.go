package watermill

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
)

// recordContext is the context of a message that was made of a record, with
// what the record has and a message has no room for.
type recordContext struct {
	context.Context
	key    []byte
	time   time.Time
	origin pipeline.Origin
}

var _ context.Context = (*recordContext)(nil)

// recordKey is the key, in a message's context, of its recordContext.
type recordKey struct{}

// The keys of what watermill-kafka's functions find in a message's context.
var (
	kafkaKey       = keyOf(kafka.MessageKeyFromCtx)
	kafkaTime      = keyOf(kafka.MessageTimestampFromCtx)
	kafkaPartition = keyOf(kafka.MessagePartitionFromCtx)
	kafkaOffset    = keyOf(kafka.MessagePartitionOffsetFromCtx)
)

// Value implements context.Context.
func (c *recordContext) Value(key any) any {
	switch key {
	case recordKey{}:
		return c
	case kafkaKey:
		return c.key
	case kafkaTime:
		if !c.time.IsZero() {
			return c.time
		}
		return nil
	case kafkaPartition:
		return c.origin.Partition
	case kafkaOffset:
		return c.origin.Offset
	}
	return c.Context.Value(key)
}

// on returns the same on top of another context.
func (c *recordContext) on(ctx context.Context) context.Context {
	return &recordContext{ctx, c.key, c.time, c.origin}
}

// asked is a context that keeps the key which it is asked for.
type asked struct {
	context.Context
	key any
}

var _ context.Context = (*asked)(nil)

// Value implements context.Context.
func (a *asked) Value(key any) any {
	a.key = key
	return nil
}

// keyOf returns the key that a function looks for in a context, where its
// package does not export it.
func keyOf[T any](from func(context.Context) (T, bool)) any {
	a := &asked{Context: context.Background()}
	from(a)
	return a.key
}

// recordOf returns what is known of the record that a message was made of, nil
// if it is of none.
func recordOf(m *message.Message) *recordContext {
	c, _ := m.Context().Value(recordKey{}).(*recordContext)
	return c
}

// Key returns the key of the record that a message was made of, nil if there
// is none. So does MessageKeyFromCtx of watermill-kafka.
func Key(m *message.Message) []byte {
	if c := recordOf(m); c != nil {
		return c.key
	}
	return nil
}

// Time returns the event time of the record that a message was made of, zero
// if there is none. So does MessageTimestampFromCtx of watermill-kafka.
func Time(m *message.Message) time.Time {
	if c := recordOf(m); c != nil {
		return c.time
	}
	return time.Time{}
}

// Origin returns where the record that a message was made of comes from, such
// as a topic, the partition and the offset there. These two are also what
// MessagePartitionFromCtx and MessagePartitionOffsetFromCtx of watermill-kafka
// return.
func Origin(m *message.Message) pipeline.Origin {
	if c := recordOf(m); c != nil {
		return c.origin
	}
	return pipeline.Origin{}
}
