package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// One half of a flight goes to the sink, the other to the dead letters, and
// both are under way at once.
func TestTwoSinksAreDoneAtOnce(t *testing.T) {
	h := newHarness(1000)
	h.plan.Errors.OnFailure = config.DeadLetter
	h.read = func(r *pipeline.Record) {
		if number(r)%2 > 0 {
			r.Fail(errBad)
		}
	}
	h.later = func(done func()) { go done() }
	if st, err := h.run(t, t.Context()); err != nil || st.Written != 500 || st.DeadLettered != 500 {
		t.Errorf("%+v, %v", st, err)
	}
}

// A sink marks a record, and then fails as a whole: what it is given again is
// unmarked, and what it said of it before counts no longer.
func TestFailedBatchIsGivenAgainUnmarked(t *testing.T) {
	h := newHarness(10)
	calls := 0
	h.write = func(b *pipeline.Batch) error {
		if calls++; calls == 1 {
			b.Records[3].Fail(errBad)
			b.Written = 1000
			return errors.New("busy")
		}
		for i := range b.Records {
			if r := &b.Records[i]; r.Failure != nil {
				t.Errorf("record %d is given again as failed: %v", number(r), r.Failure.Err)
			}
		}
		return nil
	}
	st, err := h.run(t, t.Context())
	if err != nil || calls != 2 || st.Written != 10 || st.Bytes != 10 {
		t.Errorf("%+v, %v after %d calls", st, err, calls)
	}
}

// storer is a sink that is one function.
type storer func(*pipeline.Batch) error

func (s storer) Store(_ context.Context, b *pipeline.Batch) error { return s(b) }
func (s storer) Close() error                                     { return nil }

// buryIn has number 15 of 30 fail, and its dead letter go to g.
func buryIn(g storer) *harness {
	h := newHarness(30)
	h.plan.Errors.OnFailure = config.DeadLetter
	h.apply = func(r *pipeline.Record) error {
		if number(r) == 15 {
			return errBad
		}
		return nil
	}
	h.plan.DeadLetter = pipeline.NewBound("graves", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		return pipeline.Synchronous(g), nil
	})
	return h
}

// A dead letter that can't be kept ends the pipeline before its record.
func TestDeadLetterIsRefused(t *testing.T) {
	refused := pipeline.Permanent(errors.New("refused"))
	for name, g := range map[string]storer{
		"the batch":  func(*pipeline.Batch) error { return refused },
		"the record": func(b *pipeline.Batch) error { b.Records[0].Fail(refused); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			h := buryIn(g)
			st, err := h.run(t, t.Context())
			if !errors.Is(err, refused) || st.State != Failed || st.Written < 19 || st.DeadLettered != 0 || st.Undelivered == 0 {
				t.Errorf("%+v, %v", st, err)
			}
			if lastOf(h.committed) != 9 {
				t.Errorf("committed %v, past the record that is neither stored nor a dead letter", h.committed)
			}
		})
	}
}

func TestDeadLetterIsTriedAgain(t *testing.T) {
	busy := errors.New("busy")
	for name, fail := range map[string]func(*pipeline.Batch) error{
		"the batch":  func(*pipeline.Batch) error { return busy },
		"the record": func(b *pipeline.Batch) error { b.Records[0].Fail(busy); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			h := buryIn(func(b *pipeline.Batch) error {
				if tries++; tries < 3 {
					return fail(b)
				}
				return nil
			})
			st, err := h.run(t, t.Context())
			if err != nil || tries != 3 || st.DeadLettered != 1 || st.Written != 29 || lastOf(h.committed) != 29 {
				t.Errorf("%+v, %v after %d tries, committed %v", st, err, tries, h.committed)
			}
		})
	}
}

// The grace time is over while a record waits to be tried again: it is not
// taken for stored.
func TestGraceEndsBetweenTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		h := newHarness(10)
		h.block = true
		h.plan.Errors.Backoff = config.Backoff{Initial: time.Hour, Max: time.Hour}
		h.later = func(done func()) { stop(); done() }
		h.store = func(n int64, tries int) error {
			if n == 7 {
				return errors.New("busy")
			}
			return nil
		}
		st, err := h.run(t, ctx)
		if !errors.Is(err, errGrace) || st.Written != 9 || st.Failed != 1 || st.Undelivered != 1 || len(h.committed) > 0 {
			t.Errorf("%+v, %v, committed %v", st, err, h.committed)
		}
		if slices.Contains(h.stored, 7) {
			t.Errorf("stored: %v", h.stored)
		}
	})
}

// The grace time is over while the sink holds the first of three batches: of
// all of them, what was filtered needed no delivery.
func TestFilteredIsNotUndelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		h := newHarness(30)
		h.block = true
		h.apply = func(r *pipeline.Record) error {
			if number(r)%2 > 0 {
				return pipeline.ErrFiltered
			}
			return nil
		}
		h.plan.Sink = pipeline.NewBound("stuck", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
			return pipeline.Synchronous(stuckStore{}), nil
		})
		time.AfterFunc(time.Second, stop)
		st, err := h.run(t, ctx)
		if !errors.Is(err, errGrace) || st.Read != 30 || st.Filtered != 15 || st.Undelivered != 15 {
			t.Errorf("%+v, %v", st, err)
		}
	})
}

// stuckStore is a sink that stores nothing until it is told to give up.
type stuckStore struct{}

func (stuckStore) Store(ctx context.Context, _ *pipeline.Batch) error {
	<-ctx.Done()
	return ctx.Err()
}

func (stuckStore) Close() error { return nil }

func TestOnlyWhatIsStoredCountsAsBytes(t *testing.T) {
	h := newHarness(10)
	h.plan.PassThrough = true
	h.plan.Errors.OnFailure = config.Skip
	h.read = func(r *pipeline.Record) { r.Key, r.Raw = []byte("k"), []byte("12345678") }
	store := func(b *pipeline.Batch) error {
		b.Records[3].Fail(errBad)
		return nil
	}
	h.plan.Sink = pipeline.NewBound("bytes", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		return pipeline.Synchronous(storer(store)), nil
	})
	if st, err := h.run(t, t.Context()); err != nil || st.Written != 9 || st.Bytes != 81 {
		t.Errorf("%+v, %v", st, err)
	}
}

// Nobody wants what a source fails to read after the sink's reader has gone.
func TestSourceFailsOnceTheReaderHasGone(t *testing.T) {
	h := newHarness(10)
	failed := make(chan struct{})
	h.write = func(b *pipeline.Batch) error { <-failed; return pipeline.ErrDone }
	numbers := h.plan.Source
	h.plan.Source = pipeline.NewBound("failing", nil, func(ctx context.Context, env pipeline.Env) (pipeline.Source, error) {
		s, err := numbers.Open(ctx, env)
		return failsAtEnd{s, failed}, err
	})
	if st, err := h.run(t, t.Context()); err != nil || st.State != Stopped {
		t.Errorf("%+v, %v", st, err)
	}
}

// failsAtEnd is a source that fails where it should end.
type failsAtEnd struct {
	pipeline.Source
	failed chan struct{}
}

func (s failsAtEnd) Read(ctx context.Context, b *pipeline.Batch) error {
	err := s.Source.Read(ctx, b)
	if errors.Is(err, io.EOF) {
		err = errSource
		close(s.failed)
	}
	return err
}

var errSource = errors.New("the source ends")

// A failure that wraps io.EOF, as that of a connection does, is not the end of
// the records.
func TestWrappedEOFIsAFailure(t *testing.T) {
	h := newHarness(0)
	lost := fmt.Errorf("connection: %w", io.EOF)
	h.plan.Source = pipeline.NewBound("lost", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) {
		return failing{lost}, nil
	})
	if st, err := h.run(t, t.Context()); !errors.Is(err, lost) || st.State != Failed {
		t.Errorf("%+v, %v", st, err)
	}
}

type failing struct{ err error }

func (s failing) Read(context.Context, *pipeline.Batch) error { return s.err }
func (s failing) Close() error                                { return nil }

// What fails of one record's results is one dead letter, whichever way they
// fail; the letters of different records stay apart.
func TestResultsOfARecordShareADeadLetter(t *testing.T) {
	for name, batch := range map[string]int{"one batch": 10, "batches of one": 1} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(10).withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
				for i := range int64(4) {
					part := out.Add()
					if part.Set("part", pipeline.Int(i)); i == 2 && number(r)%5 == 3 {
						part.Fail(errBad) // before the others do, at the sink
					}
				}
				return nil
			}))
			h.batch = batch
			h.plan.Errors.OnFailure = config.DeadLetter
			store := func(b *pipeline.Batch) error {
				for i := range b.Records {
					if part := b.Records[i].Get("part"); part.Int() > 0 && number(&b.Records[i])%5 == 3 {
						b.Records[i].Fail(errBad)
					}
				}
				return nil
			}
			h.plan.Sink = pipeline.NewBound("parts", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
				return pipeline.Synchronous(storer(store)), nil
			})
			st, err := h.run(t, t.Context())
			var buried []int64
			for i := range h.buried {
				buried = append(buried, number(&h.buried[i]))
			}
			if err != nil || st.DeadLettered != 6 || st.Written != 34 || !slices.Equal(buried, []int64{3, 8}) || lastOf(h.committed) != 9 {
				t.Errorf("%+v, %v; buried %v, committed %v", st, err, buried, h.committed)
			}
		})
	}
}

// Records of one origin are not taken for results of one.
func TestRecordsOfOneOriginAllGetLetters(t *testing.T) {
	var o originals
	records := make([]pipeline.Record, 2)
	o.keep(records)
	if !o.bury(&records[0]) || !o.bury(&records[1]) {
		t.Error("a record gets no dead letter")
	}
	o.keep(records[:1])
	if !o.bury(&records[0]) || o.bury(&records[0]) {
		t.Error("a record gets no dead letter, or two")
	}
}
