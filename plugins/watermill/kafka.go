package watermill

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
	ownkafka "github.com/pipeline-daemon/pipeline/internal/kafka"
)

// kafkaOptions are the options of the Pub/Sub kafka.
type kafkaOptions struct {
	_     struct{} `doc:"Kafka, by watermill-kafka"`
	Group string   `yaml:"group" doc:"the consumer group of a source, which keeps the position; the default is pipeline-NAME"`
	From  string   `yaml:"from" doc:"where a group starts that has no position yet: beginning or end"`

	ownkafka.Options `yaml:",inline"`
}

var _ pipeline.Validator = (*kafkaOptions)(nil)

const (
	fromBeginning = "beginning"
	fromEnd       = "end"
)

func init() {
	Register("kafka", kafkaOptions{Options: ownkafka.DefaultOptions(), From: fromBeginning}, PubSub[kafkaOptions]{
		Publisher: openKafkaPublisher, Subscriber: openKafkaSubscriber, Complete: completeKafka,
	})
}

func openKafkaPublisher(ctx context.Context, env pipeline.Env, o kafkaOptions) (message.Publisher, error) {
	config := kafka.DefaultSaramaSyncPublisherConfig()
	config.Producer.MaxMessageBytes = int(sarama.MaxRequestSize) - 1 // what a topic takes is for the broker to say
	if err := o.connect(ctx, env, config); err != nil {
		return nil, err
	}
	return kafka.NewPublisher(kafka.PublisherConfig{Brokers: o.Brokers, Marshaler: marshaler{}, OverwriteSaramaConfig: config}, Logger(env.Log))
}

func openKafkaSubscriber(ctx context.Context, env pipeline.Env, o kafkaOptions) (message.Subscriber, error) {
	config := kafka.DefaultSaramaSubscriberConfig()
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	if err := o.connect(ctx, env, config); err != nil {
		return nil, err
	}
	if o.From == fromBeginning {
		config.Consumer.Offsets.Initial = sarama.OffsetOldest
	}
	if o.Group == "" {
		o.Group = "pipeline-" + env.Pipeline
	}
	return kafka.NewSubscriber(kafka.SubscriberConfig{Brokers: o.Brokers, ConsumerGroup: o.Group, OverwriteSaramaConfig: config}, newKafkaLog(env.Log))
}

// Validate implements pipeline.Validator.
func (o *kafkaOptions) Validate() error {
	if o.From != fromBeginning && o.From != fromEnd {
		return &pipeline.FieldError{Option: "from", Err: fmt.Errorf("wants beginning or end, not %q", o.From)}
	}
	return nil
}

// marshaler is Watermill's, with the record's key. The time is that of writing: old event
// times would be deleted by a topic's retention.
type marshaler struct{ kafka.DefaultMarshaler }

var _ kafka.Marshaler = marshaler{}

// Marshal implements kafka.Marshaler.
func (m marshaler) Marshal(topic string, msg *message.Message) (*sarama.ProducerMessage, error) {
	p, err := m.DefaultMarshaler.Marshal(topic, msg)
	if err != nil {
		return nil, err
	}
	if key := Key(msg); key != nil {
		p.Key = sarama.ByteEncoder(key)
	}
	if msg.Payload == nil {
		p.Value = nil
	}
	return p, nil
}

// completeKafka gives a record its key, its time and its place.
func completeKafka(m *message.Message, r *pipeline.Record) {
	ctx := m.Context()
	r.Key, _ = kafka.MessageKeyFromCtx(ctx)
	r.Time, _ = kafka.MessageTimestampFromCtx(ctx)
	r.Origin.Partition, _ = kafka.MessagePartitionFromCtx(ctx)
	r.Origin.Offset, _ = kafka.MessagePartitionOffsetFromCtx(ctx)
}
