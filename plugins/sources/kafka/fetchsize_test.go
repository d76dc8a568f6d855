package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestFetchSize(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name                      string
		brokers                   int
		compressed, bytes, number int // of what was fetched
		partition, broker         int32
	}{
		{"large ones", 1, mib, mib, 10, mib, 4 * mib},
		{"compressed four times", 1, mib, 4 * mib, 400, 3 * mib / 4, 3 * mib},
		{"small ones", 1, mib, mib, 20_000, 750_000, 3_000_000},
		{"compressed a hundred times", 1, mib, 100 * mib, 20_000, partitionFetchMin, 4 * partitionFetchMin},
		{"of many brokers", 100, mib, 6 * mib, 0, mib / 2, 2 * mib / 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFetchSize(c.brokers)
			f.OnFetchBatchRead(kgo.BrokerMetadata{}, "t", 0, kgo.FetchBatchMetrics{NumRecords: c.number, CompressedBytes: c.compressed, UncompressedBytes: c.bytes})
			broker, partition, changed := f.next()
			near := func(got, want int32) bool { return max(got, want)-min(got, want) <= want/8 }
			if !changed || !near(partition, c.partition) || !near(broker, c.broker) {
				t.Errorf("asks for %d of a broker and %d of a partition (changed: %t), want about %d and %d", broker, partition, changed, c.broker, c.partition)
			}
			if partition > partitionFetchMin && int64(partition)*int64(c.bytes)/int64(c.compressed) > partitionRoom {
				t.Errorf("%d bytes of a partition take more than %d", partition, partitionRoom)
			}
		})
	}
}

func TestFetchSizeStays(t *testing.T) {
	f := newFetchSize(1)
	hear := func(compressed, bytes int) bool {
		f.OnFetchBatchRead(kgo.BrokerMetadata{}, "t", 0, kgo.FetchBatchMetrics{CompressedBytes: compressed, UncompressedBytes: bytes})
		_, _, changed := f.next()
		return changed
	}
	for i, step := range []struct {
		compressed, bytes int
		changed           bool
	}{
		{fetchSample / 2, 10 * fetchSample, false}, // too few to tell
		{1 << 20, 4 << 20, true},
		{1 << 20, 4<<20 + 100_000, false}, // much the same
		{1 << 20, 8 << 20, true},
		{1 << 20, 1 << 20, true},
	} {
		if changed := hear(step.compressed, step.bytes); changed != step.changed {
			t.Errorf("step %d: changed %t, want %t", i, changed, step.changed)
		}
	}
}
