package engine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is a pipeline from numbers to numbers: the source reads the numbers
// 0 to count-1 and the sink notes those that it stores.
type harness struct {
	plan  config.Plan
	opts  Options
	count int64
	marks int                            // records from one mark of the index to the next; 0: as usual
	batch int                            // how many numbers the source reads at once
	read  func(r *pipeline.Record)       // what the source does to each
	block bool                           // the source waits for ctx instead of ending
	apply func(r *pipeline.Record) error // the transform
	store func(n int64, tries int) error // the sink's word on each record
	write func(b *pipeline.Batch) error  // the sink's word on a batch
	later func(done func())              // when the sink is done; nil: at once
	steer func(p *Pipeline)              // runs beside the pipeline

	mu        sync.Mutex
	stored    []int64
	buried    []pipeline.Record
	committed []int64
	tries     map[int64]int
}

func newHarness(count int64) *harness {
	h := &harness{count: count, batch: 10, tries: map[int64]int{}}
	h.opts = Options{Log: slog.New(slog.DiscardHandler), Grace: time.Second}
	h.plan = config.Plan{Name: "test", Errors: config.Errors{Retries: 2,
		Backoff: config.Backoff{Initial: time.Millisecond, Max: 2 * time.Millisecond}, OnFailure: config.Stop}}
	h.plan.Source = pipeline.NewBound("numbers", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) { return &numbers{h: h}, nil })
	h.plan.Sink = pipeline.NewBound("notes", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) { return &notes{h}, nil })
	h.plan.DeadLetter = pipeline.NewBound("graves", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		return pipeline.Synchronous(&graves{h}), nil
	})
	return h
}

func (h *harness) run(t *testing.T, ctx context.Context) (Status, error) {
	t.Helper()
	if h.apply != nil {
		h.plan.Transforms = []*pipeline.Bound[pipeline.Transform]{pipeline.NewBound("try", nil,
			func(context.Context, pipeline.Env) (pipeline.Transform, error) {
				return pipeline.TransformFunc(h.apply), nil
			})}
	}
	p := New(&h.plan, h.opts)
	if h.marks > 0 {
		p.markEvery = h.marks
	}
	var steering sync.WaitGroup
	if h.steer != nil {
		steering.Go(func() { h.steer(p) })
	}
	err := p.Run(ctx)
	steering.Wait()
	st := p.Status()
	if sum := st.Written + st.Filtered + st.Failed + st.Skipped + st.DeadLettered; sum != st.Read+st.Added {
		t.Errorf("read %d, but accounts for %d: %+v", st.Read, sum, st)
	}
	return st, err
}

func number(r *pipeline.Record) int64 { return r.Origin.Offset }

// numbers up to count-1; record n has event time n seconds.
type numbers struct {
	h    *harness
	next int64
}

func (s *numbers) Read(ctx context.Context, b *pipeline.Batch) error {
	if s.next == s.h.count {
		if s.h.block {
			<-ctx.Done()
			return ctx.Err()
		}
		return io.EOF
	}
	for range s.h.batch {
		if s.next == s.h.count || b.Full() {
			break
		}
		r := b.Add(8)
		r.Origin = pipeline.Origin{Source: "n", Offset: s.next}
		r.Time = time.Unix(s.next, 0)
		r.Set("n", pipeline.Int(s.next))
		if s.h.read != nil {
			s.h.read(r)
		}
		s.next++
	}
	return nil
}

func (s *numbers) Close() error { return nil }

func (s *numbers) Commit(_ context.Context, p pipeline.Position) error {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	s.h.committed = append(s.h.committed, p[len(p)-1].Offset)
	return nil
}

type notes struct{ h *harness }

func (s *notes) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	if s.h.later == nil {
		done(s.note(b))
		return
	}
	s.h.later(func() {
		if ctx.Err() != nil {
			done(ctx.Err())
			return
		}
		done(s.note(b))
	})
}

func (s *notes) note(b *pipeline.Batch) error {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	if s.h.write != nil {
		if err := s.h.write(b); err != nil {
			return err
		}
	}
	b.Written = int64(len(b.Records))
	for i := range b.Records {
		r := &b.Records[i]
		n := number(r)
		s.h.tries[n]++
		if s.h.store != nil {
			if err := s.h.store(n, s.h.tries[n]); err != nil {
				r.Fail(err)
				continue
			}
		}
		s.h.stored = append(s.h.stored, n)
	}
	return nil
}

func (s *notes) Close() error { return nil }

type graves struct{ h *harness }

func (s *graves) Store(_ context.Context, b *pipeline.Batch) error {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	for i := range b.Records {
		s.h.buried = append(s.h.buried, b.Records[i].Clone())
	}
	return nil
}

func (s *graves) Close() error { return nil }

var errBad = pipeline.Permanent(errors.New("bad number"))

// upTo returns the numbers 0 to n-1 without those left out.
func upTo(n int64, without ...int64) []int64 {
	var ns []int64
	for i := range n {
		if !slices.Contains(without, i) {
			ns = append(ns, i)
		}
	}
	return ns
}

func lastOf(ns []int64) int64 {
	if len(ns) == 0 {
		return -1
	}
	return ns[len(ns)-1]
}
