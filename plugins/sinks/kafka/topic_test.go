package kafka

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestCreateTopic(t *testing.T) {
	c := newCluster(t)
	for range 2 { // the second time it is there
		s := openSink(t, c, "topic: t, create: {partitions: 3, replication_factor: 1, config: {retention.ms: 1000}}")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(t.Context(), "t")
	if err != nil || len(topics["t"].Partitions) != 3 {
		t.Errorf("%v, %v", topics, err)
	}
	configs, err := kadm.NewClient(client).DescribeTopicConfigs(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range configs[0].Configs {
		if config.Key == "retention.ms" && config.MaybeValue() != "1000" {
			t.Errorf("retention.ms is %s", config.MaybeValue())
		}
	}
}

func TestTopicErrors(t *testing.T) {
	fault := func(key kmsg.Key, err *kerr.Error) kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{key}, Topic: "t", Err: err, Count: -1}
	}
	tests := []struct {
		name    string
		options string
		fault   kfake.Fault
		want    string
	}{
		{"not to be created", "create: false", kfake.Fault{},
			`topic "t" doesn't exist: create it, or let the sink do so by removing create: false`},
		{"too many replicas", "create: {replication_factor: 3}", kfake.Fault{},
			`can't create topic "t" with partitions=1 replication_factor=3: INVALID_REPLICATION_FACTOR: Replication factor is below 1 or larger than the number of available brokers.`},
		{"bad setting", "create: {partitions: 2, config: {retention.ms: x}}", fault(kmsg.CreateTopics, kerr.InvalidConfig),
			`can't create topic "t" with partitions=2 replication_factor=-1 retention.ms=x: INVALID_CONFIG: Configuration is invalid.`},
		{"may not create", "", fault(kmsg.CreateTopics, kerr.TopicAuthorizationFailed),
			`can't create topic "t" with partitions=1 replication_factor=-1: TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed.]`},
		{"may not look", "", fault(kmsg.Metadata, kerr.TopicAuthorizationFailed),
			`can't write to topic "t": TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed.]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t)
			if tt.fault.Keys != nil {
				c.Fault(tt.fault)
			}
			_, err := bind(t, c.ListenAddrs(), "topic: t, "+tt.options).Open(t.Context(), testEnv(t))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if !pipeline.IsPermanent(err) {
				t.Error("not permanent")
			}
		})
	}
}

// Where it may not read the topic's settings, the sink does without.
func TestSettingsAreSecret(t *testing.T) {
	c := newCluster(t)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Resource: "t", Err: kerr.TopicAuthorizationFailed, Count: -1})
	s := openSink(t, c, "topic: t, create: {config: {max.message.bytes: 1000}}")
	b := batchOf(record{value: []byte("a")}, record{value: make([]byte, 1000)}, record{value: []byte("c")})
	if err := write(t, s, b); err != nil {
		t.Fatal(err)
	}
	for i, r := range b.Records {
		if failed := r.Failure != nil; failed != (i == 1) {
			t.Errorf("record %d failed: %v", i, r.Failure)
		}
	}
	got, _ := consume(t, c, "t", 2)
	if diff := cmp.Diff([]string{"a", "c"}, values(got)); diff != "" {
		t.Error(diff)
	}
}

// open ends when its context does.
func TestOpenCancelled(t *testing.T) {
	c := newCluster(t)
	asked, _ := kafkatest.Silence(c, kmsg.CreateTopics)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() { <-asked; cancel() }()
	if _, err := bind(t, c.ListenAddrs(), "topic: t").Open(ctx, testEnv(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// Records go to the topic that they name, and else to the sink's.
func TestRecordTopics(t *testing.T) {
	c := newCluster(t)
	bound := bind(t, c.ListenAddrs(), "topic: t, partition: p, create: {partitions: 2}")
	if err := bound.Options.(*Options).TakeTopics([]string{"own"}, false); err != nil {
		t.Fatal(err)
	}
	s, err := bound.Open(t.Context(), testEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	to := func(topic, value string, partition int64) record {
		return record{topic: topic, value: []byte(value), fields: []pipeline.Field{{Name: "p", Value: pipeline.Int(partition)}}}
	}
	b := batchOf(to("own", "a", 1), to("", "b", 0), to("other", "x", 0), to("t", "c", 0), to("own", "d", 1), to("own", "y", 2))
	if err := write(t, s, b); err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]string{"own": "1a 1d ", "t": "0b 0c "} {
		got := ""
		messages, _ := consume(t, c, topic, 2)
		for _, m := range messages {
			got += fmt.Sprintf("%d%s ", m.Partition, m.Value)
		}
		if got != want {
			t.Errorf("topic %s: %s, want %s", topic, got, want)
		}
	}
	for i, want := range map[int]string{2: `topic: the record names "other", which the source's options don't`, 5: `there is no partition 2: topic "own" has 2; where there is no topic, create: {partitions: N} makes one`} {
		if f := b.Records[i].Failure; f == nil || f.Err.Error() != want {
			t.Errorf("record %d: %v, want %s", i, f, want)
		}
	}
}

func TestTakeTopics(t *testing.T) {
	for _, tt := range []struct {
		topic  string
		names  []string
		always bool
		want   string // the error, or the topics
	}{
		{"t", nil, false, "[t]"},
		{"t", []string{"b", "a", "t", "a"}, false, "[a b t]"},
		{"", []string{"a"}, true, "[a]"},
		{"", []string{"a"}, false, "topic: is missing: name the topic to write to"},
		{"", nil, false, "topic: is missing: name the topic to write to"},
		{"t", []string{".."}, false, `the source names a topic: ".." can't be a topic's name, which is up to 249 letters, digits, dots, underscores and hyphens`},
	} {
		o := Options{Topic: tt.topic}
		got := ""
		if err := o.TakeTopics(tt.names, tt.always); err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprint(o.topics())
		}
		if got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	_, err := bind(t, newCluster(t).ListenAddrs(), "").Open(t.Context(), testEnv(t))
	if err == nil || err.Error() != "topic: is missing: name the topic to write to" {
		t.Errorf("without any topic: %v", err)
	}
}
