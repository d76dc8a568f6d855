//go:build integration

package kafka

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// load writes numbered records until it is stopped, as the engine would: in
// batches, with a bound on how many are under way.
type load struct {
	sink   pipeline.Sink
	free   chan *pipeline.Batch
	failed chan error
	next   int
	stored atomic.Int64 // batches
}

func newLoad(s pipeline.Sink) *load {
	const underWay = 32
	l := &load{sink: s, free: make(chan *pipeline.Batch, underWay), failed: make(chan error, underWay)}
	for range underWay {
		l.free <- new(pipeline.Batch)
	}
	return l
}

// run writes batches of size, with a pause after each, until all is closed and
// as many more batches as underWay are stored.
func (l *load) run(t *testing.T, all <-chan struct{}, size int, pause time.Duration) {
	t.Helper()
	ticker := time.NewTicker(max(pause, 1))
	defer ticker.Stop()
	most := int64(math.MaxInt64)
	for l.stored.Load() < most {
		select {
		case <-all:
			all, most = nil, l.stored.Load()+2*int64(cap(l.free))
		case b := <-l.free:
			l.write(t.Context(), b, size)
			<-ticker.C
		case <-t.Context().Done():
			t.Fatal("not all is written")
		}
	}
}

func (l *load) write(ctx context.Context, b *pipeline.Batch, size int) {
	b.Reset()
	for range size {
		r := b.Add(0)
		r.Encoded = fmt.Append(r.Encoded[:0], l.next)
		l.next++
	}
	l.sink.Write(ctx, b, func(err error) {
		if err != nil {
			l.failed <- err
		}
		l.stored.Add(1)
		l.free <- b
	})
}

// wait waits until all is written.
func (l *load) wait(t *testing.T) {
	t.Helper()
	for range cap(l.free) {
		select {
		case <-l.free:
		case <-t.Context().Done():
			t.Fatal("not all is written")
		}
	}
	select {
	case err := <-l.failed:
		t.Fatal(err)
	default:
	}
}

// check checks that all is there, once and in order.
func (l *load) check(t *testing.T, c *kafkatest.Cluster, topic string) {
	t.Helper()
	got, _ := consumeFrom(t, []string{c.Addr()}, topic, l.next)
	if len(got) != l.next {
		t.Errorf("%d messages, want %d", len(got), l.next)
	}
	for i, m := range got {
		if string(m.Value) != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, m.Value)
		}
	}
	t.Logf("%d messages", l.next)
}

func TestIntegrationOutage(t *testing.T) {
	certs := kafkatest.NewCerts(t)
	c := kafkatest.Start(t, kafkatest.WithLogin("alice", "secret"), kafkatest.WithTLS(certs))
	const login = ", sasl: {mechanism: SCRAM-SHA-256, username: alice, password: secret}"
	for _, tt := range []struct {
		name            string
		away            func()
		size            int
		pause           time.Duration
		broker, options string
	}{
		{"stop while paced", c.Stop, 5, time.Millisecond, c.Addr(), ""},
		{"kill while paced", c.Kill, 5, time.Millisecond, c.SASLAddr(), login},
		{"stop under full load", c.Stop, 1024, 0, c.TLSAddr(), ", tls: {ca: " + certs.CA + "}"},
		{"kill under full load", c.Kill, 1024, 0, c.Addr(), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			topic := strings.ReplaceAll(tt.name, " ", "-")
			log := kafkatest.NewLog(t)
			env := log.Env()
			env.Paced = tt.pause > 0
			s, err := bind(t, []string{tt.broker}, "topic: "+topic+tt.options).Open(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			l := newLoad(s)
			at := make(chan struct{})
			close(at)
			l.run(t, at, tt.size, tt.pause)
			back := make(chan struct{})
			go func() {
				defer close(back)
				tt.away()
				log.Await("a Kafka broker doesn't answer", 20*time.Second)
				c.Restart()
			}()
			l.run(t, back, tt.size, tt.pause)
			l.wait(t)
			l.check(t, c, topic)
		})
	}
}

func TestIntegrationTopic(t *testing.T) {
	c := kafkatest.Start(t)
	brokers := []string{c.Addr()}

	t.Run("not creatable", func(t *testing.T) {
		_, err := bind(t, brokers, "topic: replicas, create: {replication_factor: 3}").Open(t.Context(), testEnv(t))
		const want = `can't create topic "replicas" with partitions=1 replication_factor=3: Unable to replicate the partition 3 time(s): `
		if err == nil || !strings.HasPrefix(err.Error(), want) || !pipeline.IsPermanent(err) {
			t.Errorf("got  %v\nwant %s…", err, want)
		}
	})
	t.Run("bad setting", func(t *testing.T) {
		_, err := bind(t, brokers, "topic: setting, create: {config: {retention.ms: x}}").Open(t.Context(), testEnv(t))
		const want = `can't create topic "setting" with partitions=1 replication_factor=-1 retention.ms=x: Invalid value x for configuration retention.ms: `
		if err == nil || !strings.HasPrefix(err.Error(), want) || !pipeline.IsPermanent(err) {
			t.Errorf("got  %v\nwant %s…", err, want)
		}
	})
	t.Run("too large", func(t *testing.T) {
		s, err := bind(t, brokers, "topic: large, create: {config: {max.message.bytes: 2000}}").Open(t.Context(), testEnv(t))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		b := new(pipeline.Batch)
		for i := range 1000 {
			b.Add(0).Encoded = fmt.Append(nil, i)
		}
		b.Records[500].Encoded = make([]byte, 2000)
		if err := write(t, s, b); err != nil {
			t.Fatal(err)
		}
		for i, r := range b.Records {
			if failed := r.Failure != nil; failed != (i == 500) {
				t.Errorf("record %d failed: %v", i, r.Failure)
			}
		}
		got, _ := consumeFrom(t, brokers, "large", 999)
		if len(got) != 999 {
			t.Errorf("%d messages", len(got))
		}
	})
	t.Run("what the topic refuses", func(t *testing.T) {
		for _, options := range []string{"cleanup.policy: compact", "message.timestamp.after.max.ms: 1000"} {
			topic := strings.NewReplacer(": ", "-").Replace(options)
			s, err := bind(t, brokers, "topic: "+topic+", timestamp: event, create: {config: {"+options+"}}").Open(t.Context(), testEnv(t))
			if err != nil {
				t.Fatal(err)
			}
			good := record{key: []byte("k"), value: []byte("v"), time: time.Now()}
			bad := record{value: []byte("v"), time: time.Now().Add(time.Hour)}
			for _, knows := range []bool{true, false} {
				if !knows { // so that the broker is the one to refuse
					s.(*sink).topics[topic].limits = limits{batchBytes: 1 << 20, before: time.Hour, after: 2 * time.Hour}
				}
				b := batchOf(good, bad, good)
				if err := write(t, s, b); err != nil {
					t.Fatal(err)
				}
				for i, r := range b.Records {
					if failed := r.Failure != nil; failed != (i == 1) {
						t.Errorf("%s: record %d failed: %+v", options, i, r.Failure)
					} else if failed {
						t.Log(r.Failure.Err)
					}
				}
			}
			_ = s.Close()
		}
	})
	t.Run("deleted", func(t *testing.T) {
		s, err := bind(t, brokers, "topic: deleted, linger: 0s").Open(t.Context(), testEnv(t))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if err := write(t, s, batchOf(record{})); err != nil {
			t.Fatal(err)
		}
		deleteTopic(t, c, "deleted")
		start := time.Now()
		for err == nil && time.Since(start) < time.Minute { // the brokers hear of it one after the other
			err = write(t, s, batchOf(record{}))
		}
		const want = `topic "deleted" has been deleted while it was written to: `
		if err == nil || !strings.HasPrefix(err.Error(), want) || !pipeline.IsPermanent(err) {
			t.Errorf("got  %v\nwant %s…", err, want)
		}
		t.Log("after", time.Since(start))
	})
}

func deleteTopic(t *testing.T, c *kafkatest.Cluster, topic string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
}

func TestIntegrationConnection(t *testing.T) {
	certs := kafkatest.NewCerts(t)
	c := kafkatest.Start(t, kafkatest.WithLogin("alice", "secret"), kafkatest.WithTLS(certs))
	tests := []struct {
		name, broker, options string
		want                  string // "": none
	}{
		{"password", c.SASLAddr(), "sasl: {mechanism: SCRAM-SHA-512, username: alice, password: secret}", ""},
		{"wrong password", c.SASLAddr(), "sasl: {mechanism: SCRAM-SHA-512, username: alice, password: wrong}", "the broker refuses the login"},
		{"CA", c.TLSAddr(), "tls: {ca: " + certs.CA + "}", ""},
		{"unknown CA", c.TLSAddr(), "tls: {}", "the broker's certificate comes from an authority that is not trusted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := bind(t, []string{tt.broker}, "topic: t, "+tt.options).Open(t.Context(), testEnv(t))
			if tt.want == "" {
				if err == nil {
					err = write(t, s, batchOf(record{}))
					_ = s.Close()
				}
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || !pipeline.IsPermanent(err) {
				t.Errorf("got  %v\nwant …%s…", err, tt.want)
			}
		})
	}
}
