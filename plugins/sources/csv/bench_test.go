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

// BenchmarkMerge reads a million rows of a hundred files whose rows alternate,
// one file after another and merged.
func BenchmarkMerge(b *testing.B) {
	const files, rows = 100, 10_000
	dir := b.TempDir()
	var paths []string
	for i := range files {
		var text bytes.Buffer
		text.WriteString("timestamp,sensor,value\n")
		for k := range rows {
			fmt.Fprintf(&text, "2021-01-01 %02d:%02d:%02d.%02d,sensor-%02d,%d.%02d\n", k/3600, k/60%60, k%60, i, i, 20+k%7, k%100)
		}
		paths = append(paths, write(b, dir, fmt.Sprintf("%02d.csv", i), text.String()))
	}
	env := pipeline.Env{Log: slog.New(slog.DiscardHandler)}
	for _, merge := range []bool{false, true} {
		b.Run(fmt.Sprintf("merge=%v", merge), func(b *testing.B) {
			batches := [8]pipeline.Batch{}
			for b.Loop() {
				s, err := open(b.Context(), env, options(func(o *Options) { o.Path, o.Merge = paths, merge }))
				if err != nil {
					b.Fatal(err)
				}
				for i := 0; err == nil; i++ {
					batch := &batches[i%len(batches)]
					batch.Reset()
					err = s.Read(b.Context(), batch)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
				s.Close()
			}
			b.ReportMetric(float64(files*rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
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
