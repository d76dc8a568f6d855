package kafka

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newCluster(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	return kafkatest.Fake(t, opts...)
}

// bind binds the sink with YAML options, and names the brokers.
func bind(t testing.TB, brokers []string, options string) *pipeline.Bound[pipeline.Sink] {
	t.Helper()
	b, err := pipeline.BindSink(plugintest.Node(t, "kafka: {"+options+"}"))
	if err != nil {
		t.Fatal(err)
	}
	b.Options.(*Options).Connection().Brokers = brokers
	return b
}

func openSink(t testing.TB, c *kfake.Cluster, options string) pipeline.Sink {
	t.Helper()
	s, err := bind(t, c.ListenAddrs(), options).Open(t.Context(), testEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func testEnv(t testing.TB) pipeline.Env { return kafkatest.NewLog(t).Env() }

// record is what a test gives to the sink.
type record struct {
	key     []byte
	value   []byte
	fields  []pipeline.Field
	headers []pipeline.Header
	time    time.Time
	source  string
	topic   string

	partition int32
}

func batchOf(records ...record) *pipeline.Batch {
	b := new(pipeline.Batch)
	for i, in := range records {
		r := b.Add(0)
		r.Key, r.Encoded, r.Headers, r.Time = in.key, in.value, in.headers, in.time
		r.Value, r.Topic = pipeline.Struct(in.fields), in.topic
		r.Origin = pipeline.Origin{Source: in.source, Partition: in.partition, Offset: int64(i)}
	}
	return b
}

// write writes a batch and waits until it is done.
func write(t testing.TB, s pipeline.Sink, b *pipeline.Batch) error {
	t.Helper()
	done := make(chan error, 1)
	s.Write(t.Context(), b, func(err error) { done <- err })
	return <-done
}

// message is what a test finds in the topic.
type message struct {
	Partition  int32
	Key, Value []byte
	Headers    []kgo.RecordHeader
}

// consume reads the first n messages of a topic, with their times.
func consume(t testing.TB, c *kfake.Cluster, topic string, n int) (messages []message, times []time.Time) {
	t.Helper()
	return consumeFrom(t, c.ListenAddrs(), topic, n)
}

func consumeFrom(t testing.TB, brokers []string, topic string, n int) (messages []message, times []time.Time) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(messages) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d messages, want %d: %v", len(messages), n, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			messages = append(messages, message{r.Partition, r.Key, r.Value, r.Headers})
			times = append(times, r.Timestamp)
		})
	}
	return messages, times
}

func TestWrite(t *testing.T) {
	column := []pipeline.Field{
		{Name: "sensor", Value: pipeline.String("s1")}, {Name: "n", Value: pipeline.Int(7)},
		{Name: "f", Value: pipeline.Float(51)}, {Name: "none", Value: pipeline.Null()}, {Name: "empty", Value: pipeline.String("")},
	}
	tests := []struct {
		name    string
		options string
		in      record
		want    message
	}{
		{"own key", "", record{key: []byte("k"), value: []byte("v")}, message{Key: []byte("k"), Value: []byte("v")}},
		{"no key", "", record{value: []byte("v")}, message{Value: []byte("v")}},
		{"empty key and value", "", record{key: []byte{}, value: []byte{}}, message{Key: []byte{}, Value: []byte{}}},
		{"tombstone", "", record{key: []byte("k")}, message{Key: []byte("k")}},
		{"key column", "key: sensor", record{fields: column}, message{Key: []byte("s1")}},
		{"key column int", "key: n", record{fields: column}, message{Key: []byte("7")}},
		{"key column float", "key: f", record{fields: column}, message{Key: []byte("51.0")}},
		{"key column null", "key: none", record{key: []byte("own"), fields: column}, message{}},
		{"key column empty", "key: empty", record{fields: column}, message{Key: []byte{}}},
		{"key constant", "key: {constant: all}", record{}, message{Key: []byte("all")}},
		{"key constant empty", "key: {constant: ''}", record{}, message{Key: []byte{}}},
		{"key origin", "key: {origin: path}", record{source: "data/a.csv"}, message{Key: []byte("data/a.csv")}},
		{
			"headers", "headers: {from: {origin: path}, unit: {constant: C}, sensor: sensor, none: none}",
			record{fields: column, source: "a.csv", headers: []pipeline.Header{{Key: "own", Value: []byte("1")}}},
			message{Headers: []kgo.RecordHeader{
				{Key: "own", Value: []byte("1")}, {Key: "from", Value: []byte("a.csv")}, {Key: "unit", Value: []byte("C")},
				{Key: "sensor", Value: []byte("s1")}, {Key: "none"},
			}},
		},
		{"partition", "partition: n, create: {partitions: 8}", record{fields: column}, message{Partition: 7}},
		{"original partition", "partition: original, create: {partitions: 8}", record{partition: 5}, message{Partition: 5}},
		{"gzip", "compression: gzip", record{value: []byte("v")}, message{Value: []byte("v")}},
		{"snappy", "compression: snappy", record{value: []byte("v")}, message{Value: []byte("v")}},
		{"lz4", "compression: lz4", record{value: []byte("v")}, message{Value: []byte("v")}},
		{"zstd", "compression: zstd", record{value: []byte("v")}, message{Value: []byte("v")}},
	}
	c := newCluster(t)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			topic := fmt.Sprint("t", i)
			s := openSink(t, c, "topic: "+topic+", "+tt.options)
			b := batchOf(tt.in)
			if err := write(t, s, b); err != nil || b.Records[0].Failure != nil {
				t.Fatal(err, b.Records[0].Failure)
			}
			got, _ := consume(t, c, topic, 1)
			// A null key and an empty one differ.
			if diff := cmp.Diff([]message{tt.want}, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Headers" }, cmpopts.EquateEmpty())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTimestamp(t *testing.T) {
	c := newCluster(t)
	at := time.UnixMilli(1_600_000_000_123)
	before := time.Now().Truncate(time.Millisecond)
	for _, kind := range []string{"now", "event"} {
		s := openSink(t, c, "topic: "+kind+", timestamp: "+kind)
		if err := write(t, s, batchOf(record{time: at.Add(456 * time.Microsecond)})); err != nil {
			t.Fatal(err)
		}
		_, times := consume(t, c, kind, 1)
		switch got := times[0]; {
		case kind == "event" && !got.Equal(at):
			t.Errorf("event: %v, want %v", got, at)
		case kind == "now" && (got.Before(before) || got.After(time.Now())):
			t.Errorf("now: %v", got)
		}
	}
}

// The partitions that Java's client chooses, from the hashes in the tests of
// Kafka's Utils.murmur2.
func TestPartitionByKey(t *testing.T) {
	hashes := map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	}
	const partitions = 11
	c := newCluster(t)
	s := openSink(t, c, fmt.Sprintf("topic: t, create: {partitions: %d}", partitions))
	var in []record
	for key := range hashes {
		in = append(in, record{key: []byte(key)})
	}
	if err := write(t, s, batchOf(in...)); err != nil {
		t.Fatal(err)
	}
	got, _ := consume(t, c, "t", len(in))
	for _, m := range got {
		if want := (hashes[string(m.Key)] & 0x7fffffff) % partitions; m.Partition != want {
			t.Errorf("%s is in partition %d, want %d", m.Key, m.Partition, want)
		}
	}
}

func TestOrder(t *testing.T) {
	const batches, size = 40, 100
	c := newCluster(t)
	s := openSink(t, c, "topic: t")
	done := make(chan error, batches)
	for i := range batches {
		b := new(pipeline.Batch)
		for j := range size {
			b.Add(0).Encoded = fmt.Append(nil, i*size+j)
		}
		s.Write(t.Context(), b, func(err error) { done <- err })
	}
	for range batches {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	got, _ := consume(t, c, "t", batches*size)
	for i, m := range got {
		if string(m.Value) != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, m.Value)
		}
	}
}

// The first record of a replay does not wait for a producer's id.
func TestReplayIsWarm(t *testing.T) {
	for _, paced := range []bool{false, true} {
		c := newCluster(t, kfake.SeedTopics(1, "t"))
		asked := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Observe: true, Count: -1})
		env := testEnv(t)
		env.Paced = paced
		s, err := bind(t, c.ListenAddrs(), "topic: t").Open(t.Context(), env)
		if err != nil {
			t.Fatal(err)
		}
		if got := asked.Hits() > 0; got != paced {
			t.Errorf("paced: %t, has an id when it is open: %t", paced, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
