package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// values are the values of messages.
func values(messages []message) (vs []string) {
	for _, m := range messages {
		vs = append(vs, string(m.Value))
	}
	return vs
}

func TestRecordFails(t *testing.T) {
	num := func(v pipeline.Value) []pipeline.Field {
		return []pipeline.Field{{Name: "a", Value: pipeline.Int(0)}, {Name: "n", Value: v}}
	}
	tests := []struct {
		name    string
		options string
		in      record
		want    string
	}{
		{"too large", "create: {config: {max.message.bytes: 1000}}", record{value: make([]byte, 1000)},
			`the message of 1\d+ bytes is larger than topic "t\d+" takes, whose max.message.bytes is 1000`},
		{"too large for a small limit", "create: {config: {max.message.bytes: 300}}", record{value: make([]byte, 300)},
			`the message of \d+ bytes is larger than topic "t\d+" takes, whose max.message.bytes is 300`},
		{"no key column", "key: b", record{fields: num(pipeline.Int(1))}, `key: there is no column "b"; the record has a, n`},
		{"no column at all", "key: b", record{}, `key: there is no column "b": the record has none`},
		{"key is a list", "key: n", record{fields: num(pipeline.List(nil))}, `key: column "n" is a list, which has no text`},
		{"no header column", "headers: {h: b}", record{fields: num(pipeline.Int(1))}, `header "h": there is no column "b"; the record has a, n`},
		{"no partition column", "partition: b", record{fields: num(pipeline.Int(1))}, `partition: there is no column "b"; the record has a, n`},
		{"no such partition", "partition: n, create: {partitions: 3}", record{fields: num(pipeline.Int(3))}, `there is no partition 3: topic "t\d+" has 3; where there is no topic, create: {partitions: N} makes one`},
		{"negative partition", "partition: n", record{fields: num(pipeline.Int(-1))}, `partition: column "n" is -1, not a partition's number`},
		{"no partition's number", "partition: n", record{fields: num(pipeline.String("x"))}, `partition: column "n" is "x", not a partition's number`},
		{"no key for a compacted topic", "create: {config: {cleanup.policy: compact}}", record{},
			`key: the record has none, and topic "t\d+", which is compacted, takes only records with a key`},
		{"no time", "timestamp: event", record{}, `timestamp: the record has no event time: name the column that holds it at the source, or use timestamp: now here`},
		{"too early", "timestamp: event", record{time: time.Unix(-1, 0)}, `timestamp: the record's time, 1969-12-31T23:59:59Z, is before 1970, from which Kafka counts`},
	}
	c := newCluster(t)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			topic := fmt.Sprint("t", i)
			s := openSink(t, c, "topic: "+topic+", "+tt.options)
			good := tt.in
			good.key, good.value, good.time = []byte("k"), []byte("good"), time.Unix(1, 0)
			for _, name := range []string{"b", "n"} {
				good.fields = append([]pipeline.Field{{Name: name, Value: pipeline.Int(0)}}, good.fields...)
			}
			b := batchOf(good, tt.in, good)
			if err := write(t, s, b); err != nil {
				t.Fatal(err)
			}
			for i, r := range b.Records {
				switch {
				case i != 1 && r.Failure != nil:
					t.Errorf("record %d failed: %v", i, r.Failure.Err)
				case i == 1 && r.Failure == nil:
					t.Errorf("record %d didn't fail", i)
				case i == 1 && !regexp.MustCompile("^"+tt.want+"$").MatchString(r.Failure.Err.Error()):
					t.Errorf("got  %v\nwant %v", r.Failure.Err, tt.want)
				case i == 1 && !pipeline.IsPermanent(r.Failure.Err):
					t.Error("not permanent")
				}
			}
			got, _ := consume(t, c, topic, 2)
			if diff := cmp.Diff([]string{"good", "good"}, values(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEventTimeLimits(t *testing.T) {
	w := writer{sink: &sink{options: &Options{Topic: "t"}}, topic: &topic{name: "t", limits: limits{before: time.Hour, after: time.Minute}}, now: time.Unix(1_000_000, 0)}
	tests := []struct {
		at   time.Time
		want string
	}{
		{w.now.Add(time.Minute), ""},
		{w.now.Add(-time.Hour), ""},
		{w.now.Add(time.Minute + 1), "timestamp: the record's time, 1970-01-12T13:47:40Z, is 1m0s ahead of the broker's, which is more than topic \"t\" takes (message.timestamp.after.max.ms); pace: {rebase: event} moves the times to now, or use timestamp: now"},
		{w.now.Add(-2 * time.Hour), "timestamp: the record's time, 1970-01-12T11:46:40Z, is 2h0m0s behind the broker's, which is more than topic \"t\" takes (message.timestamp.before.max.ms); pace: {rebase: event} moves the times to now, or use timestamp: now"},
	}
	for _, tt := range tests {
		got := ""
		if err := w.eventTime(new(kgo.Record), &pipeline.Record{Time: tt.at}); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v:\ngot  %s\nwant %s", tt.at, got, tt.want)
		}
	}
}

// What retention deletes is said once, before the first record.
func TestRetentionIsWarnedOf(t *testing.T) {
	var log strings.Builder
	tp := &topic{name: "t", limits: limits{before: math.MaxInt64, after: math.MaxInt64}}
	value := func(s string) *string { return &s }
	tp.read([]kadm.Config{{Key: "cleanup.policy", Value: value("delete")}, {Key: "retention.ms", Value: value("3600000")}})
	w := writer{sink: &sink{options: &Options{Topic: "t"}, log: slog.New(slog.NewTextHandler(&log, nil))}, topic: tp, now: time.Unix(1_000_000, 0)}
	for range 2 {
		if err := w.eventTime(new(kgo.Record), &pipeline.Record{Time: w.now.Add(-2 * time.Hour)}); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(log.String(), "Kafka will delete them soon"); n != 1 {
		t.Errorf("said %d times: %s", n, log.String())
	}
	for _, configs := range [][]kadm.Config{
		{{Key: "cleanup.policy", Value: value("compact")}, {Key: "retention.ms", Value: value("1")}},
		{{Key: "cleanup.policy", Value: value("delete")}, {Key: "retention.ms", Value: value("-1")}},
	} {
		var l limits
		if l.read(configs); l.retention != 0 {
			t.Errorf("%v: retention %v", configs, l.retention)
		}
	}
}

// A record that has failed before is not written.
func TestFailedBefore(t *testing.T) {
	c := newCluster(t)
	s := openSink(t, c, "topic: t")
	b := batchOf(record{value: []byte("a")}, record{value: []byte("b")})
	b.Records[0].Fail(errors.New("before"))
	if err := write(t, s, b); err != nil {
		t.Fatal(err)
	}
	b.Records[1].Fail(errors.New("before"))
	if err := write(t, s, b); err != nil {
		t.Fatal(err)
	}
	if err := write(t, s, batchOf(record{value: []byte("c")})); err != nil {
		t.Fatal(err)
	}
	got, _ := consume(t, c, "t", 2)
	if diff := cmp.Diff([]string{"b", "c"}, values(got)); diff != "" {
		t.Error(diff)
	}
}

// A broker refuses whole batches. Only the message that is to blame may fail.
func TestBrokerRefuses(t *testing.T) {
	for _, refusal := range []*kerr.Error{kerr.InvalidRecord, kerr.InvalidTimestamp, kerr.MessageTooLarge} {
		t.Run(refusal.Message, func(t *testing.T) {
			const batches, size = 5, 50
			bad := map[int]bool{7: true, 8: true, 120: true, 249: true}
			c := newCluster(t)
			c.Fault(kfake.Fault{
				Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Err: refusal, Count: -1,
				When: func(req kmsg.Request) bool {
					return bytes.Contains(req.(*kmsg.ProduceRequest).Topics[0].Partitions[0].Records, []byte("bad"))
				},
			})
			s := openSink(t, c, "topic: t, linger: 0s")
			done := make(chan error, batches)
			var all []*pipeline.Batch
			var want []string
			for i := range batches {
				b := new(pipeline.Batch)
				for j := range size {
					value := fmt.Sprint(i*size + j)
					if bad[i*size+j] {
						value += " bad"
					} else {
						want = append(want, value)
					}
					b.Add(0).Encoded = []byte(value)
				}
				all = append(all, b)
				s.Write(t.Context(), b, func(err error) { done <- err })
			}
			for range batches {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
			for i, b := range all {
				for j, r := range b.Records {
					if failed := r.Failure != nil; failed != bad[i*size+j] {
						t.Errorf("record %d failed: %v", i*size+j, failed)
					} else if failed && (!errors.Is(r.Failure.Err, refusal) || !pipeline.IsPermanent(r.Failure.Err)) {
						t.Errorf("record %d: %v", i*size+j, r.Failure.Err)
					}
				}
			}
			if err := write(t, s, batchOf(record{value: []byte("after")})); err != nil {
				t.Fatal(err)
			}
			got, _ := consume(t, c, "t", len(want)+1)
			in := values(got)
			if last := in[len(in)-1]; last != "after" {
				t.Errorf("the last message is %s", last)
			}
			want = append(want, "after")
			if diff := cmp.Diff(want, in, cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPermanentErrors(t *testing.T) {
	for _, tt := range []struct {
		fault *kerr.Error
		want  string
	}{
		{kerr.TopicAuthorizationFailed, `can't write to topic "t": TOPIC_AUTHORIZATION_FAILED`},
		{kerr.UnknownServerError, `can't write to topic "t": the broker could not store it; its log says why, such as a full disk (UNKNOWN_SERVER_ERROR`},
	} {
		t.Run(tt.fault.Message, func(t *testing.T) {
			c := newCluster(t)
			s := openSink(t, c, "topic: t, linger: 0s")
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Err: tt.fault, Count: -1})
			b := batchOf(record{value: []byte("a")})
			err := write(t, s, b)
			if !errors.Is(err, tt.fault) || !pipeline.IsPermanent(err) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Error(err)
			}
			if b.Records[0].Failure != nil {
				t.Error(b.Records[0].Failure)
			}
		})
	}
}

// What is under way is given up when the context ends.
func TestCancel(t *testing.T) {
	c := newCluster(t)
	s := openSink(t, c, "topic: t, linger: 0s")
	if err := write(t, s, batchOf(record{value: []byte("a")})); err != nil {
		t.Fatal(err)
	}
	received, _ := kafkatest.Silence(c, kmsg.Produce)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 3)
	for range 3 {
		s.Write(ctx, batchOf(record{value: []byte("b")}), func(err error) { done <- err })
	}
	<-received
	cancel()
	for range 3 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := write(t, s, batchOf(record{})); err == nil || !pipeline.IsPermanent(err) {
		t.Errorf("after Close: %v", err)
	}
}

// A broker that is away for a while loses, doubles and reorders nothing.
func TestOutage(t *testing.T) {
	config := kafka.BrokerConfig{Listen: "127.0.0.1:0", DataDir: t.TempDir()}
	start := func() *kafka.Broker {
		b, err := kafka.StartBroker(config)
		if err != nil {
			t.Fatal(err)
		}
		config.Listen = b.Addr()
		return b
	}
	broker := start()
	defer func() { _ = broker.Close() }()
	s, err := bind(t, []string{broker.Addr()}, "topic: t, linger: 0s").Open(t.Context(), testEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()

	const batches, size = 300, 20
	done := make(chan error, batches)
	for i := range batches {
		b := new(pipeline.Batch)
		for j := range size {
			b.Add(0).Encoded = fmt.Append(nil, i*size+j)
		}
		s.Write(t.Context(), b, func(err error) { done <- err })
		if i%100 == 50 {
			if err := broker.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if i%100 == 90 {
			broker = start()
		}
	}
	for range batches {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	got, _ := consumeFrom(t, []string{broker.Addr()}, "t", batches*size)
	for i, m := range got {
		if string(m.Value) != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, m.Value)
		}
	}
	if len(got) != batches*size {
		t.Errorf("%d messages, want %d", len(got), batches*size)
	}
}

// A file that is followed has an identity instead of a partition.
func TestNoOriginalPartition(t *testing.T) {
	s := openSink(t, newCluster(t), "topic: t, partition: original")
	b := batchOf(record{partition: -7, source: "a.csv"})
	const want = "partition: a.csv[-7]@0 comes from no partition of a topic"
	if err := write(t, s, b); err != nil || b.Records[0].Failure == nil || b.Records[0].Failure.Err.Error() != want {
		t.Error(err, b.Records[0].Failure)
	}
}
