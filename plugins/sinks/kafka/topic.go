package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topic is one that is written to.
type topic struct {
	limits
	name       string
	partitions atomic.Int32 // how many there are, once a record has named one
	looked     bool         // whether retention spares its first record; the writer's
	gone       time.Time    // when it was said that it is gone; zero: it is there; watch's
}

// ensureTopic returns once the topic is there, which it creates if it may.
func ensureTopic(ctx context.Context, client *kgo.Client, log *slog.Logger, o *Options, name string) error {
	created := false
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		topic, err := lookUp(ctx, client, name)
		if err != nil {
			return o.Explain(err)
		}
		switch err := kerr.ErrorForCode(topic.ErrorCode); {
		case errors.Is(err, kerr.UnknownTopicOrPartition) && !created:
			if err := createTopic(ctx, client, o, name); err != nil {
				return err
			}
			created = true
			log.Debug("created the topic", "topic", name, "partitions", o.Create.Partitions)
			continue
		case err != nil && !kerr.IsRetriable(err):
			return pipeline.Permanent(fmt.Errorf("can't write to topic %q: %w", name, err))
		case err == nil && (!created || hasLeaders(topic)):
			return nil
		}
		// Brokers learn of a new topic one after the other.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// lookUp asks a broker; kadm would answer from what it was told before.
func lookUp(ctx context.Context, client *kgo.Client, name string) (kmsg.MetadataResponseTopic, error) {
	req := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = &name
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, client)
	if err == nil && len(resp.Topics) != 1 {
		err = fmt.Errorf("the broker says nothing of topic %q", name)
	}
	if err != nil {
		return kmsg.MetadataResponseTopic{}, err
	}
	return resp.Topics[0], nil
}

func hasLeaders(topic kmsg.MetadataResponseTopic) bool {
	return !slices.ContainsFunc(topic.Partitions, func(p kmsg.MetadataResponseTopicPartition) bool { return p.ErrorCode != 0 })
}

func createTopic(ctx context.Context, client *kgo.Client, o *Options, name string) error {
	if o.Create.off {
		return pipeline.Permanent(fmt.Errorf("topic %q doesn't exist: create it, or let the sink do so by removing create: false", name))
	}
	config := map[string]*string{}
	for _, c := range o.Create.Config {
		config[c.Name] = &c.Value
	}
	answer, err := kadm.NewClient(client).CreateTopic(ctx, o.Create.Partitions, o.Create.ReplicationFactor, config, name)
	if err == nil || errors.Is(err, kerr.TopicAlreadyExists) {
		return nil
	}
	var refused *kerr.Error
	if !errors.As(err, &refused) {
		return o.Explain(err)
	}
	reason := answer.ErrMessage
	if reason != "" {
		reason += ": "
	}
	err = fmt.Errorf("can't create topic %q with %v: %s%w", name, o.Create, reason, err)
	if refused.Retriable {
		return err
	}
	return pipeline.Permanent(err)
}

// String says what is to be created.
func (c Create) String() string {
	s := fmt.Sprintf("partitions=%d replication_factor=%d", c.Partitions, c.ReplicationFactor)
	for _, config := range c.Config {
		s += fmt.Sprintf(" %s=%s", config.Name, config.Value)
	}
	return s
}

// limits are what the topic takes.
type limits struct {
	batchBytes    int32         // the largest batch
	keyed         bool          // only records with a key
	before, after time.Duration // how far times may be from now
	retention     time.Duration // after which messages are deleted, by their times; 0: not known, or never
}

const defaultBatchBytes = 1048588 // Kafka's

// readLimits returns the defaults of Kafka where it isn't allowed to ask.
func readLimits(ctx context.Context, client *kgo.Client, log *slog.Logger, topic string) limits {
	l := limits{batchBytes: defaultBatchBytes, before: math.MaxInt64, after: math.MaxInt64}
	answers, err := kadm.NewClient(client).DescribeTopicConfigs(ctx, topic)
	if err == nil {
		var config kadm.ResourceConfig
		config, err = answers.On(topic, nil)
		if err == nil {
			err = config.Err
		}
		l.read(config.Configs)
	}
	if err != nil {
		log.Debug("can't read the topic's settings; taking Kafka's defaults", "topic", topic, "error", err)
	}
	return l
}

func (l *limits) read(configs []kadm.Config) {
	byBroker, deletes := false, false
	for _, c := range configs {
		value := c.MaybeValue()
		switch c.Key {
		case "max.message.bytes":
			if n, err := strconv.ParseInt(value, 10, 32); err == nil {
				l.batchBytes = int32(n)
			}
		case "cleanup.policy":
			l.keyed, deletes = strings.Contains(value, "compact"), strings.Contains(value, "delete")
		case "retention.ms":
			l.retention = millis(value)
		case "message.timestamp.type":
			byBroker = value == "LogAppendTime"
		case "message.timestamp.before.max.ms":
			l.before = millis(value)
		case "message.timestamp.after.max.ms":
			l.after = millis(value)
		}
	}
	if byBroker {
		l.before, l.after = math.MaxInt64, math.MaxInt64
	}
	if byBroker || !deletes || l.retention == math.MaxInt64 {
		l.retention = 0
	}
}

// clampBatch keeps to what franz-go takes as a batch's size.
func clampBatch(n int64) int32 { return int32(min(max(n, 512), 1<<30)) }

func millis(value string) time.Duration {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Millisecond
}
