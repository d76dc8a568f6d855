package kafka

import (
	"io"
	"runtime"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// BenchmarkRead reads messages of 80 bytes from a broker in the same process,
// whose allocations are counted too.
func BenchmarkRead(b *testing.B) {
	c := newCluster(b, kfake.SeedTopics(1, "t"))
	client := newClient(b, c, kgo.DefaultProduceTopic("t"), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(100_000))
	value := make([]byte, 80)
	for range b.N {
		client.Produce(b.Context(), &kgo.Record{Value: value}, nil)
	}
	if err := client.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	s := openSource(b, c, "topics: t, group: none, until: end")
	var batches [32]pipeline.Batch
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	n := 0
	for i := 0; ; i++ {
		batch := &batches[i%len(batches)]
		batch.Reset()
		if err := s.Read(b.Context(), batch); err == io.EOF {
			break
		} else if err != nil {
			b.Fatal(err)
		}
		n += len(batch.Records)
	}
	runtime.ReadMemStats(&after)
	if n != b.N {
		b.Fatalf("%d records, want %d", n, b.N)
	}
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), "allocs/record")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(n), "B/record")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	closeSource(b, s)
}
