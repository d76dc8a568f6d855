package kafkatest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/pipeline-daemon/pipeline"
)

// Fake starts a broker in this process that speaks Kafka's protocol and can be
// told to fail. It ends with the test.
func Fake(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Client connects to brokers until the test ends. Messages go to the partition
// that they name.
func Client(t testing.TB, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	opts = append([]kgo.Opt{kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.AlwaysRetryEOF()}, opts...)
	client, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Silence has a broker take requests of these kinds, of all if none is named,
// without a word until the call of end.
func Silence(c *kfake.Cluster, keys ...kmsg.Key) (received <-chan struct{}, end func()) {
	ch := make(chan struct{}, 100)
	over, cancel := context.WithCancel(context.Background())
	silent := func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if over.Err() != nil {
			return nil, nil, false
		}
		select {
		case ch <- struct{}{}:
		default:
		}
		return nil, nil, true
	}
	if len(keys) == 0 {
		c.Control(silent)
	}
	for _, key := range keys {
		c.ControlKey(key.Int16(), silent)
	}
	return ch, cancel
}

// Log keeps what is logged, and passes it on to the test's log.
type Log struct {
	t       testing.TB
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed, and replaced, by each line
}

// NewLog returns an empty log.
func NewLog(t testing.TB) *Log { return &Log{t: t, changed: make(chan struct{})} }

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
	return l.text.Write(p)
}

// Logger returns a logger that writes to the log, without times.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// String returns what was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Lines returns the lines that were logged, one empty line if none were.
func (l *Log) Lines() []string { return strings.Split(strings.TrimSuffix(l.String(), "\n"), "\n") }

// Await waits until the log holds a text.
func (l *Log) Await(text string, within time.Duration) {
	l.t.Helper()
	l.AwaitTimes(text, 1, within)
}

// AwaitTimes waits until the log holds a text n times.
func (l *Log) AwaitTimes(text string, n int, within time.Duration) {
	l.t.Helper()
	timeout := time.After(within)
	for {
		l.mu.Lock()
		times, changed := strings.Count(l.text.String(), text), l.changed
		l.mu.Unlock()
		if times >= n {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			l.t.Errorf("%d of %d times within %v: %s", times, n, within, text)
			return
		}
	}
}

// Env is what a plugin is lent that logs to l.
func (l *Log) Env() pipeline.Env { return pipeline.Env{Log: l.Logger(), Pipeline: "test"} }
