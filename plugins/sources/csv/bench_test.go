package csv

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// sensors writes rows of a timestamp, a sensor, a float and an int.
func sensors(tb testing.TB, rows int) string {
	var text bytes.Buffer
	text.WriteString("timestamp,sensor,value,quality\n")
	for i := range rows {
		fmt.Fprintf(&text, "2021-01-%02d %02d:%02d:%02d,sensor-%02d,%d.%02d,%d\n", i/86400%28+1, i/3600%24, i/60%60, i%60, i%20, 20+i%7, i%100, i%4)
	}
	return write(tb, tb.TempDir(), "sensors.csv", text.String())
}

// BenchmarkRead reads a million rows of four columns in each round.
func BenchmarkRead(b *testing.B) {
	const rows = 1_000_000
	path := sensors(b, rows)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	env := pipeline.Env{Log: slog.New(slog.DiscardHandler)}
	batches := [8]pipeline.Batch{} // as many as a pipeline has under way
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		s, err := open(b.Context(), env, options(func(o *Options) { o.Path = []string{path} }))
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for i := 0; err == nil; i++ {
			batch := &batches[i%len(batches)]
			batch.Reset()
			err = s.Read(b.Context(), batch)
			n += len(batch.Records)
		}
		if err != io.EOF || n != rows {
			b.Fatal(n, err)
		}
		s.Close()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// A row costs no allocation of its own.
func TestAllocations(t *testing.T) {
	const rows = 100_000
	path := sensors(t, rows)
	var b pipeline.Batch
	read := func() {
		s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path = []string{path} }))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for err == nil {
			b.Reset()
			err = s.Read(t.Context(), &b)
		}
	}
	// The first rows are looked at one by one.
	allowed := 0.01*rows + 10*1000
	if got := testing.AllocsPerRun(2, read); got > allowed {
		t.Errorf("%v allocations for %d rows, allowed %v", got, rows, allowed)
	}
}
