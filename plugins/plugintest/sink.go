package plugintest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// SinkCase is a sink and a place of its own to store records in.
type SinkCase struct {
	Options string // such as "file: {path: out.jsonl}"

	// Stored returns what the place holds once the sink is closed, which
	// should be n records: a text for each, the JSON of its value, {"n":0} and
	// so on. Nil: it can't be known.
	Stored func(n int) []string

	// Bad is a value that this sink can't store; empty: there is none.
	Bad string

	Env func(*pipeline.Env) // changes what the sink is lent; may be nil
}

// Sink runs the conformance suite. It asks for a new place for each of its
// tests.
func Sink(t *testing.T, setUp func(t *testing.T) SinkCase) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, SinkCase)
	}{
		{"options", func(t *testing.T, c SinkCase) { checkOptions(t, "sink", pipeline.BindSink, c.Options) }},
		{"close", sinkCloses},
		{"close with batches under way", closesUnderWay},
		{"order", storesInOrder},
		{"bad record", badRecordFailsAlone},
		{"context", givesUp},
	} {
		subtest(t, test.name, func(t *testing.T) { test.run(t, setUp(t)) })
	}
}

func (c SinkCase) open(t *testing.T) pipeline.Sink {
	t.Helper()
	s := mustOpen(t, pipeline.BindSink, c.Options, c.Env)
	t.Cleanup(func() { _ = s.Close() }) // for a test that ends early
	return s
}

// write is a batch on its way.
type write struct {
	batch *pipeline.Batch
	calls atomic.Int32
	done  chan error
}

// begin writes values, {n: first} and so on.
func begin(ctx context.Context, s pipeline.Sink, b *pipeline.Batch, first, n int) *write {
	w := &write{batch: b, done: make(chan error, 2)}
	for i := first; i < first+n; i++ {
		fill(b.Add(16), i)
	}
	s.Write(ctx, b, func(err error) {
		w.calls.Add(1)
		w.done <- err
	})
	return w
}

func fill(r *pipeline.Record, i int) {
	r.Set("n", pipeline.Int(int64(i)))
	r.Encoded = fmt.Appendf(nil, `{"n":%d}`, i)
	r.Time = time.Unix(int64(i), 0)
	r.Origin = pipeline.Origin{Source: "test", Offset: int64(i), Line: int64(i + 1)}
}

func (w *write) wait(t *testing.T) error {
	t.Helper()
	return within(t, "the call of done", func() error { return <-w.done })
}

func (w *write) mustStore(t *testing.T) {
	t.Helper()
	if err := w.wait(t); err != nil {
		t.Fatal(err)
	}
}

// once checks, when the sink is closed, that done was called once.
func (w *write) once(t *testing.T) {
	t.Helper()
	if n := w.calls.Load(); n != 1 {
		t.Errorf("done was called %d times, want once", n)
	}
}

// check compares what is stored with {"n":0} up to below n.
func (c SinkCase) check(t *testing.T, n int) {
	t.Helper()
	if c.Stored == nil {
		return
	}
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf(`{"n":%d}`, i))
	}
	if diff := cmp.Diff(want, c.Stored(n)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func sinkCloses(t *testing.T, c SinkCase) {
	closeTwice(t, c.open(t))
	if s, err := open(cancelled(), t, pipeline.BindSink, c.Options, c.Env); err == nil {
		closeTwice(t, s)
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("open with a context that is done: %v", err)
	}
}

func closesUnderWay(t *testing.T, c SinkCase) {
	s := c.open(t)
	writes := []*write{begin(t.Context(), s, new(pipeline.Batch), 0, 3), begin(t.Context(), s, new(pipeline.Batch), 3, 3)}
	closeTwice(t, s)
	for _, w := range writes {
		_ = w.wait(t) // stored or given up
		w.once(t)
	}
}

// storesInOrder has two batches under way. A batch that is stored is used
// again, which the sink must not notice.
func storesInOrder(t *testing.T, c SinkCase) {
	s := c.open(t)
	batches := [2]pipeline.Batch{}
	var writes []*write
	total := 0
	for i, n := range []int{1, 3, 10, 2, 100, 1} {
		b := &batches[i%2]
		if i >= 2 {
			writes[i-2].mustStore(t)
			b.Reset()
		}
		writes = append(writes, begin(t.Context(), s, b, total, n))
		total += n
	}
	for _, w := range writes[len(writes)-2:] {
		w.mustStore(t)
	}
	closeTwice(t, s)
	for _, w := range writes {
		w.once(t)
	}
	c.check(t, total)
}

func badRecordFailsAlone(t *testing.T, c SinkCase) {
	if c.Bad == "" {
		t.Skip("the sink takes every value")
	}
	s := c.open(t)
	var b pipeline.Batch
	fill(b.Add(0), 0)
	bad := b.Add(0)
	bad.Value, bad.Encoded = Value(t, c.Bad), []byte(c.Bad)
	begin(t.Context(), s, &b, 1, 1).mustStore(t)
	for i, r := range b.Records {
		if failed := r.Failure != nil; failed != (i == 1) {
			t.Errorf("record %d failed: %v", i, failed)
		}
	}
	begin(t.Context(), s, new(pipeline.Batch), 2, 1).mustStore(t)
	closeTwice(t, s)
	c.check(t, 3)
}

func givesUp(t *testing.T, c SinkCase) {
	s := c.open(t)
	w := begin(cancelled(), s, new(pipeline.Batch), 0, 3)
	if err := w.wait(t); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: done(%v)", err)
	}
	closeTwice(t, s)
	w.once(t)
}
