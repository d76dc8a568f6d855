package kafka

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMemoryLimit(t *testing.T) {
	const limit = 4 << 20
	gc := debug.SetGCPercent(100)
	defer debug.SetGCPercent(gc)
	log := kafkatest.NewLog(t)
	b := startBroker(t, BrokerConfig{MemoryLimit: limit, Log: log.Logger()})
	client := newClient(t, b.Addr(), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(64<<10))
	produce(t, client, "small", "a", "b")

	const n, size = 20_000, 1000 // five times the limit
	payload := strings.Repeat("x", size)
	for i := range n {
		client.Produce(t.Context(), &kgo.Record{Topic: "large", Value: fmt.Appendf(nil, "%d %s", i, payload)}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}

	kept := func() int64 { return b.cluster.PartitionInfo("large", 0).NumBytes }
	eventually(t, "what is kept is within the limit", func() bool { return kept() <= limit })
	if kept() < limit*3/4 {
		t.Errorf("%d bytes are kept, want nearly %d", kept(), limit)
	}
	if diff := cmp.Diff([]string{"a", "b"}, consume(t, b.Addr(), "small", 2)); diff != "" {
		t.Errorf("the small topic (-want +got):\n%s", diff)
	}
	values := consumeUntil(t, b.Addr(), "large", func(values []string) bool {
		return len(values) > 0 && strings.HasPrefix(values[len(values)-1], strconv.Itoa(n-1)+" ")
	})
	for i, v := range values {
		if number, _, _ := strings.Cut(v, " "); number != strconv.Itoa(n-len(values)+i) {
			t.Fatalf("record %d of the %d that are left is %s", i, len(values), number)
		}
	}
	want := []string{`level=WARN msg="the broker's memory is full: from now on it drops the oldest records" limit="4.0 MiB"`}
	if diff := cmp.Diff(want, log.Lines()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}

	_ = b.Close()
	if percent := debug.SetGCPercent(100); percent != 100 {
		t.Errorf("GOGC is %d after the broker, want what it was", percent)
	}
}

// Memory has to come free, which it does by whole segments.
func TestMemoryLimitSegments(t *testing.T) {
	for _, limit := range []int64{1 << 20, 16 << 20, 512 << 20, 16 << 30} {
		if s := segmentBytes(limit); s < 64<<10 || s > max(limit/16, 64<<10) {
			t.Errorf("segments of %d bytes for a limit of %d", s, limit)
		}
	}
}

func TestCeiling(t *testing.T) {
	for _, test := range []struct {
		sizes       []int64
		total, want int64
	}{
		{[]int64{100}, 60, 60},
		{[]int64{100, 100}, 60, 30},
		{[]int64{100, 10}, 60, 50},
		{[]int64{10, 100, 1, 100}, 111, 50},
		{[]int64{0, 0, 50}, 40, 40},
	} {
		sizes := slices.Clone(test.sizes)
		if got := ceiling(sizes, test.total); got != test.want {
			t.Errorf("sizes %v to %d: ceiling %d, want %d", test.sizes, test.total, got, test.want)
		}
	}
}

func BenchmarkProduce(b *testing.B) {
	broker, err := StartBroker(BrokerConfig{Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	defer broker.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("t"),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(100_000))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	record := make([]byte, 80)
	for b.Loop() {
		client.Produce(context.Background(), &kgo.Record{Value: record}, nil)
	}
	if err := client.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
}
