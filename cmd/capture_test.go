package cmd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// odd are messages in which whatever differs matters: null and empty, the
// order of headers, times that step backwards.
func odd(topic string, partitions int32, n int) (all []*kgo.Record) {
	r := rand.New(rand.NewPCG(1, 2))
	data := func() []byte {
		return [][]byte{nil, {}, {0}, []byte(`{ "a" : 1.00}`), {0xff, 0xfe}, []byte("text")}[r.IntN(6)]
	}
	at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for i := range n {
		m := &kgo.Record{Topic: topic, Partition: r.Int32N(partitions), Key: data(), Value: data(), Timestamp: at.Add(time.Duration(i*7-r.IntN(20)) * time.Millisecond)}
		for range r.IntN(4) {
			m.Headers = append(m.Headers, kgo.RecordHeader{Key: fmt.Sprint(r.IntN(2)), Value: data()})
		}
		all = append(all, m)
	}
	return all
}

// sameMessages compares messages by all but their topic.
func sameMessages(t *testing.T, want, got []*kgo.Record) {
	t.Helper()
	type message struct {
		Partition  int32
		Time       time.Time
		Key, Value []byte
		Headers    []kgo.RecordHeader
	}
	view := func(ms []*kgo.Record) (all []message) {
		for _, m := range ms {
			all = append(all, message{m.Partition, m.Timestamp.UTC(), m.Key, m.Value, m.Headers})
		}
		slices.SortStableFunc(all, func(a, b message) int { return int(a.Partition - b.Partition) })
		return all
	}
	isHeaders := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Headers" }, cmpopts.EquateEmpty())
	if diff := cmp.Diff(view(want), view(got), isHeaders); diff != "" {
		t.Error(diff)
	}
}

// consumed returns the first n messages of a topic.
func consumed(t *testing.T, broker, topic string, n int) (all []*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(all) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d messages: %v", len(all), n, err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

// oddTopic returns a broker with a topic, in, of three partitions and odd
// messages.
func oddTopic(t *testing.T, n int) (broker string, messages []*kgo.Record) {
	t.Helper()
	b, err := kafka.StartBroker(kafka.BrokerConfig{Listen: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 3, 1, nil, "in"); err != nil {
		t.Fatal(err)
	}
	messages = odd("in", 3, n)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.ProduceSync(ctx, messages...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return b.Addr(), messages
}

// runs runs pipelines, given as texts, one after the other.
func runs(t *testing.T, dir, broker string, pipelines ...string) {
	t.Helper()
	for i, text := range pipelines {
		file := fmt.Sprintf("p%d.yaml", i)
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := command(t, dir, broker, "run", file)
		p.start()
		p.exits(0)
	}
}

// Through a capture a topic is the same in all that it has.
func TestCaptureAndReplay(t *testing.T) {
	t.Parallel()
	broker, messages := oddTopic(t, 3000)
	dir := t.TempDir()
	runs(t, dir, broker,
		"source: {kafka: {topics: in, until: end}}\nsink: {capture: {path: a.capture}}",
		"source: {capture: {path: a.capture}}\npace: {speed: 1000}\nsink: {kafka: {topic: out, partition: original, timestamp: event, create: {partitions: 3}}}",
		// From file to file, and once more.
		"source: {capture: {path: a.capture}}\nsink: {capture: {path: b.capture}}",
		"source: {capture: {path: b.capture}}\nsink: {kafka: {topic: again, partition: original, timestamp: event, create: {partitions: 3}}}")
	for _, topic := range []string{"out", "again"} {
		sameMessages(t, messages, consumed(t, broker, topic, len(messages)))
	}
}

// A topic is replayed into another one, in the order of the messages' times.
func TestTopicReplay(t *testing.T) {
	t.Parallel()
	broker, messages := oddTopic(t, 3000)
	runs(t, t.TempDir(), broker,
		"source: {kafka: {topics: in, group: none, until: end}}\npace: {speed: 1000}\nsink: {kafka: {topic: out, partition: original, timestamp: event, create: {partitions: 3}}}",
		"source: {kafka: {topics: in, group: none, until: end}}\npace: {speed: 1000}\nsink: {kafka: {topic: line, timestamp: event}}")
	sameMessages(t, messages, consumed(t, broker, "out", len(messages)))
	highest := time.Time{}
	for i, m := range consumed(t, broker, "line", len(messages)) {
		if behind := highest.Sub(m.Timestamp); behind > 100*time.Millisecond { // within a partition times step back by less
			t.Fatalf("message %d is %v behind one before it", i, behind)
		}
		if m.Timestamp.After(highest) {
			highest = m.Timestamp
		}
	}
}
