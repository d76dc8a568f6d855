// Package watermill is the sink that publishes records to a Pub/Sub of
// Watermill.
//
// A record becomes a message: what the codec has encoded is the payload, the
// headers are the metadata, and the header _watermill_message_uuid is the UUID;
// a record without one gets a new UUID. The key goes with it to a Pub/Sub that
// has keys, as kafka and channel do. A batch is stored when Publish has
// returned.
//
// The Pub/Sub channel links pipelines of one process: sources watermill of the
// same topic, in pipelines that are run together with it, read what is written,
// and a batch is stored once all of them are done with it. Watermill's publisher
// to Kafka waits for every single message; the sink kafka is many times as fast.
package watermill

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// Options are the options of the sink.
type Options struct {
	_ struct{} `doc:"publishes records to a Watermill Pub/Sub" example:"watermill: {pubsub: kafka, topic: my-stream}"`

	PubSub watermill.Choice `yaml:"pubsub" doc:"the Pub/Sub: channel, kafka, or one that a build of your own adds"`
	Topic  string           `yaml:"topic" doc:"the topic to publish to"`
	Key    fields.Text      `yaml:"key" doc:"the messages' key, for a Pub/Sub that has keys, such as kafka; the default is the record's own"`

	pipeline.CodecOption `yaml:",inline"`
}

var (
	_ pipeline.Validator = (*Options)(nil)
	_ pipeline.ValueUser = (*Options)(nil)
	_ pipeline.Linked    = (*Options)(nil)
)

func init() { pipeline.RegisterSink("watermill", Options{}, open) }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	return watermill.Validate(o.PubSub, o.Topic, o.PubSub.CanPublish())
}

// UsesValue implements pipeline.ValueUser.
func (o *Options) UsesValue() bool {
	_, column := o.Key.Column()
	return column
}

// Connection returns how to connect to Kafka, nil where it isn't Kafka.
func (o *Options) Connection() *kafka.Options { return o.PubSub.Connection() }

// Destination returns the topic that is written to, and Chosen its Pub/Sub, for
// the source that must not read it.
func (o *Options) Destination() string       { return o.Topic }
func (o *Options) Chosen() *watermill.Choice { return &o.PubSub }

// Link implements pipeline.Linked.
func (o *Options) Link() string { return o.PubSub.Link(o.Topic) }

// Join implements pipeline.Linked.
func (o *Options) Join() (leave func(error)) { return o.PubSub.Join(o.Topic, true) }

type sink struct {
	topic     string
	key       fields.Text
	publisher message.Publisher
}

var _ pipeline.SyncSink = (*sink)(nil)

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Sink, error) {
	publisher, err := o.PubSub.OpenPublisher(ctx, env)
	if err != nil {
		return nil, err
	}
	return pipeline.Synchronous(&sink{topic: o.Topic, key: o.Key, publisher: publisher}), nil
}

// Store implements pipeline.SyncSink. A publish that doesn't heed ctx is left
// behind, with messages that share nothing with the batch.
func (s *sink) Store(ctx context.Context, b *pipeline.Batch) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	published := make(chan error, 1)
	messages := s.messages(ctx, b)
	go func() { published <- s.publisher.Publish(s.topic, messages...) }()
	select {
	case err := <-published:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// messages makes messages of the records. A record that can't be one fails.
func (s *sink) messages(ctx context.Context, b *pipeline.Batch) []*message.Message {
	size := 0
	for i := range b.Records {
		size += len(b.Records[i].Encoded)
	}
	memory := make([]byte, 0, size)
	messages := make([]*message.Message, 0, len(b.Records))
	for i := range b.Records {
		r := &b.Records[i]
		if r.Failure != nil {
			continue
		}
		key, err := s.keyOf(r)
		if err != nil {
			r.Fail(pipeline.Permanent(fmt.Errorf("key: %w", err)))
			continue
		}
		var payload []byte
		if r.Encoded != nil {
			from := len(memory)
			memory = append(memory, r.Encoded...)
			payload = memory[from:len(memory):len(memory)]
		}
		keyed := *r
		keyed.Key = key
		messages = append(messages, watermill.Message(ctx, &keyed, payload))
	}
	return messages
}

// keyOf returns a record's key, nil if it has none.
func (s *sink) keyOf(r *pipeline.Record) ([]byte, error) {
	if !s.key.Given() {
		return r.Key, nil
	}
	_, key, err := s.key.Append([]byte{}, r)
	return key, err
}

// Close implements pipeline.SyncSink.
func (s *sink) Close() error { return s.publisher.Close() }
