package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// disk is a file in memory that counts, and fails when it is told to.
type disk struct {
	data        []byte
	syncs       int
	full        int // size from which writing fails; 0: never
	failSync    error
	failTrim    error
	syncStarted chan struct{} // if set, a sync says that it runs,
	syncMayEnd  chan struct{} // and waits
}

func (d *disk) WriteAt(b []byte, at int64) (int, error) {
	d.data = append(d.data[:at], b...)
	if d.full > 0 && len(d.data) > d.full {
		n := max(d.full-int(at), 0)
		d.data = d.data[:int(at)+n]
		return n, errors.New("write x.jsonl: no space left on device")
	}
	return len(b), nil
}

func (d *disk) Sync() error {
	if d.syncStarted != nil {
		d.syncStarted <- struct{}{}
		<-d.syncMayEnd
	}
	d.syncs++
	return d.failSync
}

func (d *disk) Truncate(size int64) error {
	if d.failTrim == nil {
		d.data = d.data[:size]
	}
	return d.failTrim
}

func (d *disk) Close() error { return nil }

// line is the line of a record that batch(pipeline.Int(n)) has.
func line(n int) string { return fmt.Sprintf("%d\n", n) }

// results collects what done is called with, in order.
type results chan string

func (r results) done(n int) func(error) {
	return func(err error) { r <- fmt.Sprintf("%d: %v", n, err) }
}

// TestGroup writes three batches while the first one is being synced.
func TestGroup(t *testing.T) {
	d := &disk{syncStarted: make(chan struct{}), syncMayEnd: make(chan struct{})}
	s := newSink(d, 0, jsonLines{})
	got := make(results, 5)
	s.Write(t.Context(), batch(pipeline.Int(0)), got.done(0))
	<-d.syncStarted
	for n := 1; n < 4; n++ {
		s.Write(t.Context(), batch(pipeline.Int(int64(n))), got.done(n))
	}
	if len(got) > 0 {
		t.Error("stored before the sync:", <-got)
	}
	d.syncMayEnd <- struct{}{}
	<-d.syncStarted
	d.syncMayEnd <- struct{}{}
	for n := range 4 {
		if want, got := fmt.Sprintf("%d: <nil>", n), <-got; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if d.syncs != 2 {
		t.Errorf("%d syncs, want 2", d.syncs)
	}
	if want := line(0) + line(1) + line(2) + line(3); string(d.data) != want {
		t.Errorf("got %q, want %q", d.data, want)
	}
}

// TestFailures makes the disk fail on a group of batches 1 to 3.
func TestFailures(t *testing.T) {
	const noSpace = "write x.jsonl: no space left on device"
	for _, test := range []struct {
		name string
		fail func(*disk)
		want []string
		kept string
	}{
		{"within the group", func(d *disk) { d.full = len(line(0)+line(1)+line(2)) + 1 },
			[]string{"1: <nil>", "2: <nil>", "3: " + noSpace + "; the 6 bytes stored before are kept", "4: " + noSpace + "; the 6 bytes stored before are kept"}, line(0) + line(1) + line(2)},
		{"at the end of a line", func(d *disk) { d.full = len(line(0) + line(1)) },
			[]string{"1: <nil>", "2: " + noSpace + "; the 4 bytes stored before are kept", "3: " + noSpace + "; the 4 bytes stored before are kept", "4: " + noSpace + "; the 4 bytes stored before are kept"}, line(0) + line(1)},
		{"at once", func(d *disk) { d.full = len(line(0)) },
			[]string{"1: " + noSpace + "; the 2 bytes stored before are kept", "2: " + noSpace + "; the 2 bytes stored before are kept", "3: " + noSpace + "; the 2 bytes stored before are kept", "4: " + noSpace + "; the 2 bytes stored before are kept"}, line(0)},
		{"sync", func(d *disk) { d.failSync = errors.New("sync x.jsonl: input/output error") },
			[]string{"1: sync x.jsonl: input/output error; the 2 bytes stored before are kept", "2: sync x.jsonl: input/output error; the 2 bytes stored before are kept",
				"3: sync x.jsonl: input/output error; the 2 bytes stored before are kept", "4: sync x.jsonl: input/output error; the 2 bytes stored before are kept"}, line(0)},
		{"truncate", func(d *disk) {
			d.full, d.failTrim = len(line(0)+line(1))+1, errors.New("truncate x.jsonl: input/output error")
		}, []string{"1: <nil>", "2: " + noSpace + "; what follows the 4 bytes stored before could not be removed: truncate x.jsonl: input/output error",
			"3: " + noSpace + "; what follows the 4 bytes stored before could not be removed: truncate x.jsonl: input/output error",
			"4: " + noSpace + "; what follows the 4 bytes stored before could not be removed: truncate x.jsonl: input/output error"}, line(0) + line(1) + "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &disk{}
			s := newSink(d, 0, jsonLines{})
			defer s.Close()
			results := make(results, 4)
			grouped(t, s, func() { test.fail(d) }, results)
			s.Write(t.Context(), batch(pipeline.Int(4)), results.done(4))
			var got []string
			for range 4 {
				got = append(got, <-results)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if string(d.data) != test.kept {
				t.Errorf("the file holds %q, want %q", d.data, test.kept)
			}
		})
	}
}

// grouped stores batch 0, calls then, and stores batches 1 to 3 as one group:
// done of the first batch holds the goroutine up until they are there.
func grouped(t *testing.T, s *sink, then func(), results results) {
	t.Helper()
	first := make(chan error)
	s.Write(t.Context(), batch(pipeline.Int(0)), func(err error) {
		then()
		first <- err
		<-first
	})
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 4; n++ {
		s.Write(t.Context(), batch(pipeline.Int(int64(n))), results.done(n))
	}
	first <- nil
}

func TestPermanent(t *testing.T) {
	s := newSink(&disk{full: 1}, 0, jsonLines{})
	defer s.Close()
	if err := write(t, s, batch(pipeline.Int(0))); !pipeline.IsPermanent(err) {
		t.Errorf("a full disk is tried again: %v", err)
	}
}

func TestGivenUp(t *testing.T) {
	d := &disk{}
	s := newSink(d, 0, jsonLines{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := make(chan error, 1)
	s.Write(ctx, batch(pipeline.Int(0)), func(err error) { got <- err })
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	s.Close()
	if len(d.data) > 0 {
		t.Errorf("given up, but written: %q", d.data)
	}
}

// TestClose closes the sink while batches 1 to 3 are collected.
func TestClose(t *testing.T) {
	d := &disk{}
	s := newSink(d, 0, jsonLines{})
	results := make(results, 3)
	grouped(t, s, func() { s.fail(errClosed) }, results)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for n := 1; n < 4; n++ {
		if want, got := fmt.Sprintf("%d: %v", n, errClosed), <-results; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if string(d.data) != line(0) {
		t.Errorf("the file holds %q, want %q", d.data, line(0))
	}
}

// TestNothing has a batch of which nothing can be written.
func TestNothing(t *testing.T) {
	d := &disk{}
	s := newSink(d, 0, &csvLines{})
	defer s.Close()
	if err := write(t, s, batch(pipeline.Int(1))); err != nil {
		t.Error(err)
	}
	if d.syncs > 0 {
		t.Error("nothing is synced")
	}
}

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
