package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

func TestEverythingIsStoredInOrder(t *testing.T) {
	h := newHarness(20_000)
	st, err := h.run(t, t.Context())
	if err != nil || st.State != Completed || st.Written != h.count || st.Bytes != h.count {
		t.Fatalf("%+v, %v", st, err)
	}
	if diff := cmp.Diff(upTo(h.count), h.stored); diff != "" {
		t.Error(diff)
	}
	if lastOf(h.committed) != h.count-1 {
		t.Errorf("committed up to %d", lastOf(h.committed))
	}
}

// A sink that is done with its batches in any order: commits stay in order.
func TestCommitsAreInOrder(t *testing.T) {
	h := newHarness(5_000)
	var mu sync.Mutex
	var held []func()
	flush := func(keep int) {
		rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		for len(held) > keep {
			done := held[0]
			held = held[1:]
			done()
		}
	}
	h.later = func(done func()) {
		mu.Lock()
		defer mu.Unlock()
		held = append(held, done)
		if len(held) == 8 || len(held) == int(h.count)/h.batch%8 {
			flush(0)
		}
	}
	if st, err := h.run(t, t.Context()); err != nil || st.Written != h.count {
		t.Fatalf("%+v, %v", st, err)
	}
	if !slices.IsSorted(h.committed) || lastOf(h.committed) != h.count-1 {
		t.Errorf("commits: %v", h.committed)
	}
}

func TestFailedRecords(t *testing.T) {
	bad := func(n int64) bool { return n == 13 || n == 14 || n == 40 }
	for _, stage := range []struct {
		name string
		at   func(h *harness)
	}{
		{"source", func(h *harness) {
			h.read = func(r *pipeline.Record) {
				if bad(number(r)) {
					r.Fail(errBad)
				}
			}
		}},
		{"transform", func(h *harness) {
			h.apply = func(r *pipeline.Record) error {
				if bad(number(r)) {
					return errBad
				}
				return nil
			}
		}},
		{"sink", func(h *harness) {
			h.store = func(n int64, _ int) error {
				if bad(n) {
					return errBad
				}
				return nil
			}
		}},
	} {
		t.Run(stage.name, func(t *testing.T) {
			t.Run("stop", func(t *testing.T) {
				h := newHarness(50)
				stage.at(h)
				st, err := h.run(t, t.Context())
				if st.State != Failed || !errors.Is(err, errBad) || !strings.HasPrefix(err.Error(), "n[0]@13: "+stage.name+" ") {
					t.Errorf("%+v, %v", st, err)
				}
				if lastOf(h.committed) > 12 {
					t.Errorf("committed up to %d, past the failed record", lastOf(h.committed))
				}
				if diff := cmp.Diff(upTo(13), h.stored[:13]); diff != "" {
					t.Errorf("not everything before the failed record is stored: %s", diff)
				}
			})
			t.Run("skip", func(t *testing.T) {
				h := newHarness(50)
				stage.at(h)
				h.plan.Errors.OnFailure = config.Skip
				st, err := h.run(t, t.Context())
				if err != nil || st.State != Completed || st.Skipped != 3 || lastOf(h.committed) != 49 {
					t.Errorf("%+v, %v, committed %v", st, err, h.committed)
				}
				if diff := cmp.Diff(upTo(50, 13, 14, 40), h.stored); diff != "" {
					t.Error(diff)
				}
			})
			t.Run("dead letter", func(t *testing.T) {
				h := newHarness(50)
				stage.at(h)
				h.plan.Errors.OnFailure = config.DeadLetter
				st, err := h.run(t, t.Context())
				if err != nil || st.DeadLettered != 3 || lastOf(h.committed) != 49 || len(h.buried) != 3 {
					t.Fatalf("%+v, %v, %d buried", st, err, len(h.buried))
				}
				if r := h.buried[2]; number(&r) != 40 || r.Get("stage").Str() != stage.name {
					t.Errorf("dead letter: %v", r.Value)
				}
			})
		})
	}
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	busy := errors.New("busy")
	t.Run("transform", func(t *testing.T) {
		h := newHarness(30)
		tries := 0
		h.apply = func(r *pipeline.Record) error {
			if number(r) == 7 {
				if tries++; tries < 3 {
					return busy
				}
			}
			return nil
		}
		if st, err := h.run(t, t.Context()); err != nil || st.Written != 30 || tries != 3 || !slices.IsSorted(h.stored) {
			t.Errorf("%+v, %v after %d tries: %v", st, err, tries, h.stored)
		}
	})
	t.Run("one record at the sink", func(t *testing.T) {
		h := newHarness(30)
		h.store = func(n int64, tries int) error {
			if n%10 == 7 && tries < 3 {
				return busy
			}
			return nil
		}
		st, err := h.run(t, t.Context())
		slices.Sort(h.stored)
		if diff := cmp.Diff(upTo(30), h.stored); err != nil || diff != "" {
			t.Errorf("%+v, %v: %s", st, err, diff)
		}
		if h.tries[6] != 1 || h.tries[7] != 3 {
			t.Errorf("tries: %v", h.tries)
		}
	})
	t.Run("the sink", func(t *testing.T) {
		h := newHarness(30)
		calls := 0
		h.write = func(*pipeline.Batch) error {
			if calls++; calls == 2 || calls == 3 {
				return busy
			}
			return nil
		}
		st, err := h.run(t, t.Context())
		if diff := cmp.Diff(upTo(30), h.stored); err != nil || st.Written != 30 || diff != "" {
			t.Errorf("%+v, %v: %s", st, err, diff)
		}
	})
	t.Run("the sink, too often", func(t *testing.T) {
		h := newHarness(30)
		h.write = func(b *pipeline.Batch) error {
			if number(&b.Records[0]) == 20 {
				return busy
			}
			return nil
		}
		st, err := h.run(t, t.Context())
		if !errors.Is(err, busy) || st.Written != 20 || st.Failed != 10 || lastOf(h.committed) != 19 {
			t.Errorf("%+v, %v, committed %v", st, err, h.committed)
		}
	})
}

// A sink with several flights under way fails on some of them as a whole:
// nothing new is sent before they are stored.
func TestFailedFlightsAreNotOvertaken(t *testing.T) {
	h := newHarness(500)
	h.batch = 1
	var held []func()
	failed := 0
	h.later = func(done func()) {
		if held = append(held, done); len(held) == 4 {
			for _, done := range held {
				done()
			}
			held = nil
			h.later = nil // from here on it stores while it is called
		}
	}
	h.write = func(b *pipeline.Batch) error {
		n := number(&b.Records[0])
		if h.later != nil && n != 0 {
			failed++
			return errors.New("busy")
		}
		return nil
	}
	st, err := h.run(t, t.Context())
	if diff := cmp.Diff(upTo(500), h.stored); err != nil || diff != "" || failed != 3 {
		t.Errorf("%+v, %v; %d failed: %s", st, err, failed, diff)
	}
}

func TestFilteredRecordsLeave(t *testing.T) {
	h := newHarness(30)
	h.apply = func(r *pipeline.Record) error {
		if number(r)%3 > 0 {
			return pipeline.ErrFiltered
		}
		return nil
	}
	st, err := h.run(t, t.Context())
	if err != nil || st.Filtered != 20 || st.Written != 10 || lastOf(h.committed) != 29 {
		t.Errorf("%+v, %v, committed %v", st, err, h.committed)
	}
}

func TestReaderGone(t *testing.T) {
	h := newHarness(1000)
	h.write = func(b *pipeline.Batch) error {
		if number(&b.Records[0]) >= 100 {
			return pipeline.ErrDone
		}
		return nil
	}
	st, err := h.run(t, t.Context())
	if err != nil || st.State != Stopped || !st.ReaderGone || st.Written != 100 || lastOf(h.committed) != 99 {
		t.Errorf("%+v, %v", st, err)
	}
}

// What the reader got of the last batch counts, if the sink can tell.
func TestReaderGoneWithinABatch(t *testing.T) {
	h := newHarness(1000)
	h.write = func(b *pipeline.Batch) error {
		if number(&b.Records[0]) < 100 {
			return nil
		}
		b.Written = 7
		for i := range b.Records {
			if number(&b.Records[i]) >= 103 {
				b.Records[i].Fail(pipeline.ErrDone)
			}
		}
		return pipeline.ErrDone
	}
	st, err := h.run(t, t.Context())
	if err != nil || st.State != Stopped || st.Written != 103 || lastOf(h.committed) != 99 {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestLimit(t *testing.T) {
	h := newHarness(1000)
	h.opts.Limit = 25
	if st, err := h.run(t, t.Context()); err != nil || st.State != Completed || st.Written != 25 || lastOf(h.committed) != 24 {
		t.Errorf("%+v, %v, committed %v", st, err, h.committed)
	}
}

func TestStopStoresWhatWasReleased(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	h := newHarness(1 << 40)
	h.store = func(n int64, _ int) error {
		if n == 500 {
			stop()
		}
		return nil
	}
	st, err := h.run(t, ctx)
	if err != nil || st.State != Stopped || st.Written < 500 || lastOf(h.committed) != st.Written-1 {
		t.Errorf("%+v, %v, committed up to %d", st, err, lastOf(h.committed))
	}
}

func TestGraceBoundsTheStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	h := newHarness(10)
	h.block = true
	h.opts.Grace = time.Millisecond
	var held []func()
	h.later = func(done func()) {
		held = append(held, done)
		stop()
	}
	// A sink that is done only once it is told to give up.
	sink := h.plan.Sink
	h.plan.Sink = pipeline.NewBound("stuck", nil, func(ctx context.Context, env pipeline.Env) (pipeline.Sink, error) {
		s, err := sink.Open(ctx, env)
		return stuck{s, &held}, err
	})
	st, err := h.run(t, ctx)
	if !errors.Is(err, errGrace) || st.State != Failed || st.Undelivered != 10 || len(h.committed) != 0 {
		t.Errorf("%+v, %v, committed %v", st, err, h.committed)
	}
}

type stuck struct {
	pipeline.Sink
	held *[]func()
}

func (s stuck) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	s.Sink.Write(ctx, b, done)
	context.AfterFunc(ctx, func() {
		for _, done := range *s.held {
			done()
		}
	})
}

func TestOpeningIsCutShort(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	h := newHarness(10)
	h.plan.Sink = pipeline.NewBound("unreachable", nil, func(ctx context.Context, _ pipeline.Env) (pipeline.Sink, error) {
		stop()
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if st, err := h.run(t, ctx); err != nil || st.State != Stopped || st.Read != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestNothingIsOpenedOnceStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	h := newHarness(10)
	h.plan.Sink = pipeline.NewBound("untouched", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		t.Error("the sink was opened")
		return nil, errBad
	})
	if st, err := h.run(t, ctx); err != nil || st.State != Stopped {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestResumeGoesOnAtTheCommittedPosition(t *testing.T) {
	h := newHarness(40)
	store := &memory{position: pipeline.Position{{Source: "n", Offset: 19}}}
	h.plan.Resume, h.opts.Store = true, store
	h.plan.Source = pipeline.NewBound("numbers", nil, func(_ context.Context, e pipeline.Env) (pipeline.Source, error) {
		last, _ := e.Position.Last("n", 0)
		return struct{ pipeline.Source }{&numbers{h: h, next: last.Offset + 1}}, nil // no Committer
	})
	if st, err := h.run(t, t.Context()); err != nil || st.Written != 20 {
		t.Errorf("%+v, %v", st, err)
	}
	if last, _ := store.position.Last("n", 0); last.Offset != 39 || !store.flushed {
		t.Errorf("kept %v, flushed %v", store.position, store.flushed)
	}
}

type memory struct {
	position pipeline.Position
	flushed  bool
}

func (m *memory) Load(string) (pipeline.Position, error) { return m.position, nil }

func (m *memory) Release(string) error { return nil }
func (m *memory) Stale(string) bool    { return false }

func (m *memory) Save(_ string, p pipeline.Position, flush bool) error {
	m.position, m.flushed = slices.Clone(p), flush
	return nil
}

// Whatever fails wherever: every record is accounted for exactly once, order
// is kept among the stored, and no commit passes a record that is not done.
func TestAnyFailures(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const count = 60
		fate := rapid.SliceOfN(rapid.SampledFrom([]string{"ok", "ok", "ok", "source", "transform", "filter", "sink"}), count, count).Draw(rt, "fates")
		h := newHarness(count)
		h.batch = rapid.IntRange(1, 20).Draw(rt, "batch")
		h.plan.Errors.OnFailure = rapid.SampledFrom([]string{config.Stop, config.Skip, config.DeadLetter}).Draw(rt, "policy")
		h.read = func(r *pipeline.Record) {
			if fate[number(r)] == "source" {
				r.Fail(errBad)
			}
		}
		h.apply = func(r *pipeline.Record) error {
			return map[string]error{"transform": errBad, "filter": pipeline.ErrFiltered}[fate[number(r)]]
		}
		h.store = func(n int64, _ int) error { return map[string]error{"sink": errBad}[fate[n]] }
		st, err := h.run(t, context.Background())

		failing := func(f string) bool { return f == "source" || f == "transform" || f == "sink" }
		first := slices.IndexFunc(fate, failing)
		if h.plan.Errors.OnFailure == config.Stop && first >= 0 {
			if err == nil || lastOf(h.committed) >= int64(first) {
				rt.Fatalf("%v; committed %d past the failure at %d", err, lastOf(h.committed), first)
			}
			return
		}
		var want []int64
		for n, f := range fate {
			if f == "ok" {
				want = append(want, int64(n))
			}
		}
		if diff := cmp.Diff(want, h.stored); err != nil || diff != "" || st.Read != count || lastOf(h.committed) != count-1 {
			rt.Fatalf("%+v, %v, committed %d: %s", st, err, lastOf(h.committed), diff)
		}
	})
}

// The first moment of 1970 is an event time as any other.
func TestEventTimeOfZero(t *testing.T) {
	for _, tc := range []struct{ at, want time.Time }{
		{time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC()},
		{time.Time{}, time.Time{}},
	} {
		h := newHarness(1)
		h.read = func(r *pipeline.Record) { r.Time = tc.at }
		if st, err := h.run(t, t.Context()); err != nil || !st.EventTime.Equal(tc.want) {
			t.Errorf("%v, %v; want %v", st.EventTime, err, tc.want)
		}
	}
}
