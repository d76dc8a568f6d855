//go:build integration

package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Through a capture a topic is the same in all that it has.
func TestIntegrationCapture(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	type message struct {
		Partition  int32
		Time       int64 // Unix milliseconds
		Key, Value []byte
		Headers    []kgo.RecordHeader
	}
	view := func(records []*kgo.Record) (all []message) {
		for _, m := range records {
			all = append(all, message{m.Partition, m.Timestamp.UnixMilli(), m.Key, m.Value, m.Headers})
		}
		return all
	}
	data := [][]byte{nil, {}, {0, 255}, []byte("text"), []byte(`{ "a" : 1.00}`)}
	at := time.Now().Add(-time.Hour)
	c.create("in", 3)
	for i := range 200 {
		m := &kgo.Record{Topic: "in", Partition: int32(i * i % 3), Key: data[i%5], Value: data[i%4], Timestamp: at.Add(time.Duration(i*17%50) * time.Second)}
		for h := range i % 3 {
			m.Headers = append(m.Headers, kgo.RecordHeader{Key: fmt.Sprint(h % 2), Value: data[i*h%5]})
		}
		c.produce(m)
	}
	dir := checkout(t)
	start(t, dir, c.Addr(), "pipelines/capture.yaml", "--set", "source.kafka.topics=in", "--set", "source.kafka.until=end").exits(0, patience)
	start(t, dir, c.Addr(), "pipelines/capture-replay.yaml", "--set", "source.capture.path=my-stream.capture", "--speed", "100",
		"--set", "sink.kafka.topic=out", "--set", "sink.kafka.create.partitions=3", "--set", "sink.kafka.timestamp=event").exits(0, patience)
	if diff := cmp.Diff(view(c.messages("in")), view(c.messages("out"))); diff != "" {
		t.Error(diff)
	}
}

// A topic is replayed into another one, in the order of the messages' times,
// from one instant to another.
func TestIntegrationTopicReplay(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	c.create("in", 3)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	var want []string
	for i := range 300 {
		value := fmt.Sprint(i)
		c.produce(&kgo.Record{Topic: "in", Partition: int32(i / 10 % 3), Value: []byte(value), Timestamp: at.Add(time.Duration(i) * time.Second)})
		if i >= 30 && i < 200 {
			want = append(want, value)
		}
	}
	instant := func(seconds int) string {
		return at.Add(time.Duration(seconds) * time.Second).UTC().Format(time.RFC3339)
	}
	start(t, checkout(t), c.Addr(), "pipelines/topic-replay.yaml", "--speed", "1000", "--set", "source.kafka.topics=in",
		"--set", "source.kafka.from="+instant(30), "--set", "source.kafka.until="+instant(200),
		"--set", "sink={kafka: {topic: my-stream-again}}").exits(0, patience)
	var got []string
	for _, m := range c.messages("my-stream-again") {
		got = append(got, string(m.Value))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
