//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	ours "github.com/pipeline-daemon/pipeline/plugins/watermill"
)

func init() {
	ours.RegisterHandler("meter", func(*message.Message) ([]*message.Message, error) {
		current.add(1)
		return nil, nil
	})
}

// The same function, in a pipeline and in Watermill's Router on
// watermill-kafka's Subscriber.
func TestBesideWatermillsRouter(t *testing.T) {
	all, forRouter := full[int64](500_000, 50_000), full[int64](50_000, 5_000)
	broker := kafkatest.Start(t).Addr()
	createTopic(t, broker, "metered")
	fill(t, broker, "metered", all)
	var router, pipeline []float64
	for i := range full(3, 1) {
		group := fmt.Sprint("run-", i)
		router = append(router, routerRate(t, broker, group, forRouter))
		file := filepath.Join(t.TempDir(), "metered.yaml")
		text := fmt.Sprintf("source: {kafka: {topics: metered, brokers: ['%s'], group: mine-%s, until: end}}\nhandler: meter\ncodec: raw\n", broker, group)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		current = newMeter(all)
		runPlan(t, load(t, file))
		pipeline = append(pipeline, current.rate())
	}
	ratio := median(pipeline) / median(router)
	note(t, "a handler in Watermill's signature, Kafka → handler", "≥ 3 × Watermill's Router", "%.0f records/s; Watermill's Router on watermill-kafka %.0f/s: %.1f ×", median(pipeline), median(router), ratio)
}

// fill writes n messages of about 100 bytes, each with a key of its own.
func fill(t *testing.T, broker, topic string, n int64, opts ...kgo.Opt) {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i := range n {
		value := fmt.Appendf(nil, `{"timestamp":"2026-03-02 08:00:00.000","sensor":"boiler","value":%d.25,"status":"ok","unit":"C"}`, i)
		client.Produce(t.Context(), &kgo.Record{Key: strconv.AppendInt(nil, i, 10), Value: value}, nil)
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func routerRate(t *testing.T, broker, group string, n int64) float64 {
	t.Helper()
	config := kafka.DefaultSaramaSubscriberConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	subscriber, err := kafka.NewSubscriber(kafka.SubscriberConfig{Brokers: []string{broker}, ConsumerGroup: group, OverwriteSaramaConfig: config}, watermill.NopLogger{})
	if err != nil {
		t.Fatal(err)
	}
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		t.Fatal(err)
	}
	m := newMeter(n)
	router.AddConsumerHandler("meter", "metered", subscriber, func(*message.Message) error {
		m.add(1)
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	<-m.done
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return m.rate()
}
