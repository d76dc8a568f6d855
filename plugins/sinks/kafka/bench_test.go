package kafka

import (
	"runtime"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kfake"
)

// BenchmarkWrite writes records of 80 bytes in full batches, as many under way
// as with the engine, to a broker in the same process that drops them. Its
// allocations are counted too.
func BenchmarkWrite(b *testing.B) {
	for _, bb := range []struct{ name, options string }{
		{"plain", "topic: t"},
		{"key and header", "topic: t, key: sensor, headers: {h: {constant: c}}"},
		{"linger 0", "topic: t, linger: 0s"},
		{"zstd", "topic: t, compression: zstd"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			c := newCluster(b, kfake.BlackholeProduce())
			s := openSink(b, c, bb.options)
			const underWay = 32
			free := make(chan *pipeline.Batch, underWay)
			for range underWay {
				free <- benchBatch()
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b.ResetTimer()
			for range (b.N + pipeline.DefaultBatchRecords - 1) / pipeline.DefaultBatchRecords {
				batch := <-free
				s.Write(b.Context(), batch, func(err error) {
					if err != nil {
						b.Error(err)
					}
					free <- batch
				})
			}
			for range underWay {
				<-free
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N), "allocs/record")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func benchBatch() *pipeline.Batch {
	b := new(pipeline.Batch)
	for range pipeline.DefaultBatchRecords {
		r := b.Add(0)
		r.Encoded = make([]byte, 80)
		r.Value = pipeline.Struct([]pipeline.Field{{Name: "sensor", Value: pipeline.String("s1")}})
	}
	return b
}
