package file

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

// sensors writes lines of a timestamp, a sensor, a float and an int.
func sensors(tb testing.TB, lines int) string {
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, `{"timestamp":"2021-01-%02d %02d:%02d:%02d","sensor":"sensor-%02d","value":%d.%02d,"quality":%d}`+"\n",
			i/86400%28+1, i/3600%24, i/60%60, i%60, i%20, 20+i%7, i%100, i%4)
	}
	return write(tb, tb.TempDir(), "sensors.jsonl", text.String())
}

// readThrough reads a file and returns how many records there are.
func readThrough(tb testing.TB, o Options) int {
	s, err := open(tb.Context(), testEnv(), o)
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	batches := [8]pipeline.Batch{} // as many as a pipeline has under way
	n := 0
	for i := 0; err == nil; i++ {
		b := &batches[i%len(batches)]
		b.Reset()
		err = s.Read(tb.Context(), b)
		n += len(b.Records)
	}
	if err != io.EOF {
		tb.Fatal(err)
	}
	return n
}

func BenchmarkRead(b *testing.B) {
	const records = 300_000
	path := sensors(b, records)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	for name, change := range map[string]func(o *Options){"json": func(o *Options) { o.Timestamp = "timestamp" }, "lines": lines} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				o := options(change)
				o.Path = []string{path}
				if n := readThrough(b, o); n != records {
					b.Fatal(n)
				}
			}
			b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// A line costs no allocation of its own.
func TestAllocations(t *testing.T) {
	const records = 50_000
	path := sensors(t, records)
	for name, change := range map[string]func(o *Options){"json": func(o *Options) { o.Timestamp = "timestamp" }, "lines": lines} {
		o := options(change)
		o.Path = []string{path}
		got := testing.AllocsPerRun(2, func() { readThrough(t, o) })
		// The batches, whose memory is otherwise used again, and the first lines.
		if allowed := 0.01*records + 8*1200 + 4*headLines; got > allowed {
			t.Errorf("%s: %v allocations for %d records, allowed %v", name, got, records, allowed)
		}
	}
}
