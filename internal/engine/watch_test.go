package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// A call that minds its context fails its record at the timeout.
func TestTimeout(t *testing.T) {
	slow := func(ctx context.Context, n int64) error {
		if n != 5 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	for name, prepare := range map[string]func(h *harness){
		"transform": func(h *harness) {
			h.plan.Transforms = []*pipeline.Bound[pipeline.Transform]{pipeline.NewBound("try", nil,
				func(context.Context, pipeline.Env) (pipeline.Transform, error) { return slowTransform{slow}, nil })}
		},
		"handler": func(h *harness) {
			h.endIn(pipeline.HandlerFunc(func(ctx context.Context, r *pipeline.Record, _ *pipeline.Results) error { return slow(ctx, number(r)) }))
		},
		"handler of batches": func(h *harness) {
			h.endIn(slowBatches{slow})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(10)
				h.plan.Errors.Timeout, h.plan.Errors.OnFailure = time.Second, config.DeadLetter
				prepare(h)
				st, err := h.run(t, t.Context())
				if err != nil || st.Written != 9 || st.DeadLettered != 1 {
					t.Fatalf("%+v, %v", st, err)
				}
				if got := h.buried[0].Get("error").Str(); got != "takes longer than the timeout of 1s: context deadline exceeded" || h.buried[0].Get("attempts").Int() != 3 {
					t.Errorf("%v", h.buried[0].Value)
				}
			})
		})
	}
}

type slowTransform struct {
	apply func(context.Context, int64) error
}

func (s slowTransform) Apply(ctx context.Context, r *pipeline.Record) error {
	return s.apply(ctx, number(r))
}
func (slowTransform) Close() error { return nil }

type slowBatches struct {
	handle func(context.Context, int64) error
}

func (s slowBatches) Handle(ctx context.Context, b *pipeline.Batch, _ *pipeline.Results) error {
	for i := range b.Records {
		if err := s.handle(ctx, number(&b.Records[i])); err != nil {
			return err
		}
	}
	return nil
}
func (slowBatches) Close() error { return nil }

// hung is a handler of which a call takes no notice of its context.
type hung struct {
	calls  atomic.Int64
	closed atomic.Bool
}

func (h *hung) HandleRecord(_ context.Context, r *pipeline.Record, _ *pipeline.Results) error {
	if h.calls.Add(1); number(r) == 5 {
		time.Sleep(24 * time.Hour)
	}
	return nil
}

func (h *hung) Close() error { h.closed.Store(true); return nil }

// A call that does not return ends the pipeline, is named, and neither called
// again nor closed.
func TestCallThatDoesNotReturn(t *testing.T) {
	for name, c := range map[string]struct {
		timeout, stop, after time.Duration
		inChain              bool
		workers              int
		want                 string
	}{
		"timeout":              {timeout: time.Second, after: 3 * time.Second, want: "n[0]@5: handler try does not return"},
		"timeout in the chain": {timeout: time.Second, after: 3 * time.Second, inChain: true, want: "n[0]@5: handler try does not return"},
		"timeout of a worker":  {timeout: time.Second, after: 3 * time.Second, workers: 3, want: "n[0]@5: handler try does not return"},
		"stop":                 {stop: time.Second, after: 4 * time.Second, want: "handler try does not return"},
		"stop in the chain":    {stop: time.Second, after: 4 * time.Second, inChain: true, want: "handler try does not return"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.stop > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.stop)
					defer cancel()
				}
				h := newHarness(100)
				h.plan.Errors.Timeout, h.plan.Workers = c.timeout, config.Workers{Count: c.workers, By: config.ByPartition}
				handler := &hung{}
				if c.inChain {
					h.withHandler(pipeline.OneByOne(handler))
				} else {
					h.endIn(pipeline.OneByOne(handler))
				}
				start := time.Now()
				st, err := h.run(t, ctx)
				if err == nil || !strings.Contains(err.Error(), c.want) || st.State != Failed || lastOf(h.committed) > 4 {
					t.Errorf("%+v, %v", st, err)
				}
				if took := time.Since(start); took > c.after {
					t.Errorf("it took %v", took)
				}
				calls := handler.calls.Load()
				time.Sleep(48 * time.Hour)
				synctest.Wait()
				if more := handler.calls.Load() - calls; more > 0 || handler.closed.Load() && c.workers < 2 {
					t.Errorf("called %d more times, closed: %v", more, handler.closed.Load())
				}
			})
		})
	}
}

// While one worker's call is left, those of the others return, and only then are
// their handlers closed.
func TestOthersReturnBeforeTheyAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var working, early atomic.Int64
		h := newHarness(200)
		h.batch, h.read = 200, func(r *pipeline.Record) { r.Key = fmt.Append(nil, number(r)) }
		h.plan.Errors.Timeout, h.plan.Workers = time.Second, config.Workers{Count: 4, By: config.ByKey}
		var handlers []pipeline.Handler
		h.endIn(nil)
		h.plan.Handler = pipeline.NewBound("try", nil, func(context.Context, pipeline.Env) (pipeline.Handler, error) {
			b := &busy{first: len(handlers) == 0, working: &working, early: &early}
			handlers = append(handlers, pipeline.OneByOne(b))
			return handlers[len(handlers)-1], nil
		})
		if _, err := h.run(t, t.Context()); !errors.Is(err, errLeft) {
			t.Error(err)
		}
		if n := early.Load(); n > 0 || working.Load() > 0 {
			t.Errorf("%d handlers are closed while they are at work, %d are at work at the end", n, working.Load())
		}
		time.Sleep(48 * time.Hour)
	})
}

// busy is a handler that takes its time for the end of a call, even if that is
// given up; the first one never returns.
type busy struct {
	first          bool
	working, early *atomic.Int64
	atWork         atomic.Bool
}

func (b *busy) HandleRecord(ctx context.Context, _ *pipeline.Record, _ *pipeline.Results) error {
	if b.first {
		time.Sleep(24 * time.Hour)
		return nil
	}
	b.working.Add(1)
	b.atWork.Store(true)
	select {
	case <-ctx.Done():
		time.Sleep(lastLeave / 2)
	case <-time.After(900 * time.Millisecond):
	}
	b.atWork.Store(false)
	b.working.Add(-1)
	return nil
}

func (b *busy) Close() error {
	if b.atWork.Load() {
		b.early.Add(1)
	}
	return nil
}

// What panics as a whole fails the pipeline, and nothing hangs.
func TestPanicsOfEnds(t *testing.T) {
	for name, prepare := range map[string]func(h *harness){
		"source numbers: panic: boom": func(h *harness) { h.read = func(*pipeline.Record) { panic("boom") } },
		"sink notes: panic: boom":     func(h *harness) { h.write = func(*pipeline.Batch) error { panic("boom") } },
	} {
		h := newHarness(10)
		prepare(h)
		st, err := h.run(t, t.Context())
		if err == nil || err.Error() != name || st.State != Failed || len(h.committed) > 0 {
			t.Errorf("%s: %+v, %v", name, st, err)
		}
	}
}

// A dead letter's reader has gone: the letter would be lost.
func TestDeadLetterReaderHasGone(t *testing.T) {
	tries := 0
	h := buryIn(func(*pipeline.Batch) error { tries++; return pipeline.ErrDone })
	st, err := h.run(t, t.Context())
	if !errors.Is(err, pipeline.ErrDone) || st.State != Failed || tries != 1 || lastOf(h.committed) != 9 {
		t.Errorf("%+v, %v, %d tries, committed %v", st, err, tries, h.committed)
	}
}

// A record that is another reader's is no failure.
func TestForeignRecordsAreNoFailures(t *testing.T) {
	h := newHarness(0)
	h.plan.Errors.OnFailure = config.Skip
	if err := h.plan.Errors.MaxFailures.UnmarshalText([]byte("1")); err != nil {
		t.Fatal(err)
	}
	w := &writer{Pipeline: New(&h.plan, h.opts)}
	bad := &pipeline.Failure{Err: errBad}
	f := &flight{}
	for _, failure := range []*pipeline.Failure{foreign, bad, foreign, filtered, nil, bad, bad} {
		f.Records = append(f.Records, pipeline.Record{Failure: failure})
	}
	if at := w.stopPlace(f); at != 5 {
		t.Errorf("the pipeline stops at record %d", at)
	}
}

func TestMaxFailures(t *testing.T) {
	for _, c := range []struct {
		most    string
		count   int64
		bad     int64 // every so many records
		written int64
		want    string
	}{
		{"3", 100, 10, 27, "4 of 31 records have failed, more than max_failures: 3; the last was n[0]@30: transform try: bad number"},
		{"10", 100, 10, 90, ""},
		{"9%", 200, 10, 90, "10 of 100 records have failed, more than max_failures: 9%; the last was n[0]@90: transform try: bad number"},
		{"9%", 50, 10, 45, "5 of 50 records have failed, more than max_failures: 9%; the last was n[0]@40: transform try: bad number"},
		{"10%", 200, 10, 180, ""},
		{"0", 10, 100, 0, "1 of 1 records has failed, more than max_failures: 0; the last was n[0]@0: transform try: bad number"},
	} {
		h := newHarness(c.count)
		h.plan.Errors.OnFailure = config.Skip
		if err := h.plan.Errors.MaxFailures.UnmarshalText([]byte(c.most)); err != nil {
			t.Fatal(err)
		}
		h.apply = func(r *pipeline.Record) error {
			if number(r)%c.bad == 0 {
				return errBad
			}
			return nil
		}
		st, err := h.run(t, t.Context())
		got := ""
		if err != nil {
			got = err.Error()
		}
		if share := strings.HasSuffix(c.most, "%"); got != c.want || st.Written < c.written || !share && st.Written != c.written {
			t.Errorf("%s of %d: %+v, %s", c.most, c.count, st, got)
		}
	}
}

// A dead letter is what was read, whatever has been made of it.
func TestDeadLettersAreAsRead(t *testing.T) {
	for _, workers := range []int{1, 3} {
		h := newHarness(100).keyed(10)
		h.plan.Errors.OnFailure, h.plan.Workers = config.DeadLetter, config.Workers{Count: workers, By: config.ByKey}
		read := h.read
		h.read = func(r *pipeline.Record) {
			read(r)
			r.Headers = append(r.Headers, pipeline.Header{Key: "h", Value: []byte{byte(number(r))}})
		}
		h.withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
			r.Key, r.Time = append(r.Key[:0], 'x'), time.Time{}
			r.Headers[0].Value[0] = 'x'
			out.Add()
			out.Keep()
			return nil
		}))
		h.store = func(n int64, _ int) error {
			if n%3 == 0 {
				return errBad
			}
			return nil
		}
		if st, err := h.run(t, t.Context()); err != nil || st.Written != 132 || st.DeadLettered != 68 {
			t.Fatalf("%+v, %v", st, err)
		}
		for i := range h.buried {
			r := &h.buried[i]
			var want pipeline.Record
			want.Origin = r.Origin
			read(&want)
			if n := number(r); string(r.Key) != string(want.Key) || !r.Time.Equal(time.Unix(n, 0)) || r.Headers[0].Value[0] != byte(n) {
				t.Errorf("%d: %s %v %v", n, r.Key, r.Time, r.Headers[0])
			}
		}
	}
}
