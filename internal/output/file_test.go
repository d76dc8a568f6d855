package output

import (
	"context"
	"errors"
	"fmt"
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
	moved       error
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

func (d *disk) InPlace() error { return d.moved }

func (d *disk) Close() error { return nil }

// newLines returns a sink of the text of values, one a line. One that has none
// can't be stored.
func newLines(f File) *fileSink {
	return NewFile(f, 0, appendLines).(*fileSink)
}

func appendLines(dst []byte, b *pipeline.Batch) []byte {
	for i := range b.Records {
		if v := b.Records[i].Value; v.IsNull() {
			b.Records[i].Fail(errors.New("null"))
		} else {
			dst = append(v.AppendText(dst), '\n')
		}
	}
	return dst
}

func batch(v pipeline.Value) *pipeline.Batch {
	b := new(pipeline.Batch)
	b.Add(0).Value = v
	return b
}

func store(t *testing.T, s pipeline.Sink, b *pipeline.Batch) error {
	t.Helper()
	done := make(chan error, 1)
	s.Write(t.Context(), b, func(err error) { done <- err })
	return <-done
}

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
	s := newLines(d)
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
			s := newLines(d)
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
func grouped(t *testing.T, s *fileSink, then func(), results results) {
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
	s := newLines(&disk{full: 1})
	defer s.Close()
	if err := store(t, s, batch(pipeline.Int(0))); !pipeline.IsPermanent(err) {
		t.Errorf("a full disk is tried again: %v", err)
	}
}

func TestGivenUp(t *testing.T) {
	d := &disk{}
	s := newLines(d)
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
	s := newLines(d)
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
	s := newLines(d)
	defer s.Close()
	if err := store(t, s, batch(pipeline.Null())); err != nil {
		t.Error(err)
	}
	if d.syncs > 0 {
		t.Error("nothing is synced")
	}
}
