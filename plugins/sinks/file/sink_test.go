package file

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

// line is the line of a record that batch(pipeline.Int(n)) has.
func line(n int) string { return fmt.Sprintf("%d\n", n) }

func TestLockInProcess(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, mode := range []string{"create", "append", "overwrite"} {
		sink := mustOpen(t, "{path: out.jsonl, mode: overwrite}")
		if err := write(t, sink, batch(pipeline.Int(1))); err != nil {
			t.Fatal(err)
		}
		_, _, err := try(t, "{path: out.jsonl, mode: "+mode+"}")
		if err == nil || !strings.HasPrefix(err.Error(), "out.jsonl is already being written") {
			t.Errorf("mode %s: got %v", mode, err)
		}
		if got := contents(t, "out.jsonl"); got != line(1) {
			t.Errorf("mode %s has changed the file: %q", mode, got)
		}
		sink.Close()
	}
	sink := mustOpen(t, "{path: out.jsonl, mode: append}")
	sink.Close()
}

func BenchmarkWrite(b *testing.B) {
	v := structOf("timestamp,sensor,value,n", pipeline.String("2021-01-01 00:00:00"), pipeline.String("kitchen"), pipeline.Float(21.37), pipeline.Int(42))
	var batch pipeline.Batch
	for range 1000 {
		batch.Add(0).Value = v
	}
	for _, path := range []string{"out.jsonl", "out.csv"} {
		b.Run(path, func(b *testing.B) {
			b.Chdir(b.TempDir())
			sink := mustOpen(b, "{path: "+path+"}")
			defer sink.Close()
			free := make(chan struct{}, 8)
			for range cap(free) {
				free <- struct{}{}
			}
			b.ReportAllocs()
			for b.Loop() {
				<-free
				sink.Write(context.Background(), &batch, func(err error) {
					if err != nil {
						b.Error(err)
					}
					free <- struct{}{}
				})
			}
			for range cap(free) {
				<-free
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
			if info, err := os.Stat(path); err == nil {
				b.ReportMetric(float64(info.Size())/b.Elapsed().Seconds()/1e6, "MB/s")
			}
		})
	}
}

// BenchmarkFormat is the share of the processor's work alone.
func BenchmarkFormat(b *testing.B) {
	r := &pipeline.Record{Value: structOf("timestamp,sensor,value,n", pipeline.String("2021-01-01 00:00:00"), pipeline.String("kitchen"), pipeline.Float(21.37), pipeline.Int(42))}
	for name, format := range map[string]lineFormat{"json": jsonLines{}, "csv": &csvLines{}} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = format.appendRecord(dst[:0], r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
