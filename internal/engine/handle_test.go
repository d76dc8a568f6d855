package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// batchFunc is a handler of batches that is one function.
type batchFunc func(b *pipeline.Batch, out *pipeline.Results) error

func (f batchFunc) Handle(_ context.Context, b *pipeline.Batch, out *pipeline.Results) error {
	return f(b, out)
}
func (f batchFunc) Close() error { return nil }

// withHandler puts a handler among the transforms.
func (h *harness) withHandler(handler pipeline.Handler) *harness {
	h.plan.Transforms = append(h.plan.Transforms, pipeline.NewBound("try", nil, func(context.Context, pipeline.Env) (pipeline.Transform, error) {
		return pipeline.HandlerTransform{Handler: handler}, nil
	}))
	return h
}

// endIn ends the pipeline in a handler.
func (h *harness) endIn(handler pipeline.Handler) *harness {
	h.plan.Handler = pipeline.NewBound("try", nil, func(context.Context, pipeline.Env) (pipeline.Handler, error) { return handler, nil })
	h.plan.Sink = pipeline.NewBound("try", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		return pipeline.Synchronous(discard{}), nil
	})
	return h
}

// One record becomes none, itself, or itself and a new one; a second handler
// halves the new ones.
func TestResultsTakeTheirRecordsPlace(t *testing.T) {
	h := newHarness(6).withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
		n := number(r)
		if n%3 == 0 {
			return nil
		}
		out.Keep()
		if n%3 == 2 {
			out.Add().Set("new", pipeline.Int(n))
		}
		return nil
	})).withHandler(batchFunc(func(b *pipeline.Batch, out *pipeline.Results) error {
		for i := range b.Records {
			if out.For(i); b.Records[i].Get("new").Equal(pipeline.Int(2)) {
				continue
			}
			out.Keep()
		}
		return nil
	}))
	got := seen(t, h, func(r *pipeline.Record) string { return fmt.Sprint(r.Origin.Offset, r.Value) })
	if diff := cmp.Diff([]string{"1 {n: 1}", "2 {n: 2}", "4 {n: 4}", "5 {n: 5}", "5 {new: 5}"}, got); diff != "" {
		t.Error(diff)
	}
	st, err := h.run(t, t.Context())
	if err != nil || st.Read != 6 || st.Added != 2 || st.Written != 5 || st.Filtered != 3 || lastOf(h.committed) != 5 {
		t.Errorf("%+v, %v, committed %v", st, err, h.committed)
	}
}

// A batch fails as a whole: its records come again, alone.
func TestBatchThatFailsComesOneByOne(t *testing.T) {
	var given []string
	h := newHarness(4)
	h.plan.Errors.OnFailure = config.Skip
	h.endIn(batchFunc(func(b *pipeline.Batch, _ *pipeline.Results) error {
		given = append(given, fmt.Sprint(number(&b.Records[0]), "+", len(b.Records)))
		for i := range b.Records {
			if number(&b.Records[i]) == 2 {
				return errBad
			}
		}
		return nil
	}))
	st, err := h.run(t, t.Context())
	if err != nil || st.Written != 3 || st.Skipped != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	if diff := cmp.Diff([]string{"0+1", "1+2", "1+1", "2+1", "3+1"}, given); diff != "" {
		t.Error(diff)
	}
}

// What a batch's handler has not come to is handled alone, with as many tries
// as any record, and not at all where the pipeline stops before it.
func TestWhatAHandlerHasNotComeTo(t *testing.T) {
	for policy, want := range map[string][]string{
		config.Stop: {"0+1", "1+2", "3+4", "4+1"},
		config.Skip: {"0+1", "1+2", "3+4", "4+1", "5+1", "6+1", "7+1"},
	} {
		var given []string
		h := newHarness(8)
		h.plan.Errors.OnFailure, h.plan.Errors.Retries = policy, 1
		h.endIn(batchFunc(func(b *pipeline.Batch, _ *pipeline.Results) error {
			given = append(given, fmt.Sprint(number(&b.Records[0]), "+", len(b.Records)))
			for i := range b.Records {
				switch n := number(&b.Records[i]); {
				case n == 4:
					b.Records[i].Fail(errBusy)
				case n > 4 && len(b.Records) > 1:
					b.Records[i].Fail(pipeline.ErrUntried)
				}
			}
			return nil
		}))
		if st, err := h.run(t, t.Context()); st.Failed+st.Skipped != 1 || (err != nil) != (policy == config.Stop) {
			t.Errorf("%v: %+v, %v", policy, st, err)
		}
		if diff := cmp.Diff(want, given); diff != "" {
			t.Errorf("%v: %s", policy, diff)
		}
	}
}

// Whatever panics is one failed record.
func TestPanicsAreFailedRecords(t *testing.T) {
	boom := func(r *pipeline.Record) {
		if number(r) == 5 {
			panic("boom")
		}
	}
	for name, prepare := range map[string]func(h *harness){
		"transform": func(h *harness) { h.apply = func(r *pipeline.Record) error { boom(r); return nil } },
		"decode": func(h *harness) {
			h.read = func(r *pipeline.Record) { r.Raw = fmt.Append(nil, number(r)) }
			h.plan.Decode = pipeline.NewBound("codec", nil, func(context.Context, pipeline.Env) (pipeline.Codec, error) { return explosive{}, nil })
		},
		"encode": func(h *harness) {
			h.plan.Encode = pipeline.NewBound("codec", nil, func(context.Context, pipeline.Env) (pipeline.Codec, error) { return explosive{}, nil })
		},
		"handler": func(h *harness) {
			h.withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
				out.Keep()
				boom(r)
				return nil
			}))
		},
		"handler at the end": func(h *harness) {
			h.endIn(batchFunc(func(b *pipeline.Batch, _ *pipeline.Results) error {
				for i := range b.Records {
					boom(&b.Records[i])
				}
				return nil
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(30)
			h.plan.Errors.OnFailure = config.DeadLetter
			prepare(h)
			st, err := h.run(t, t.Context())
			if err != nil || st.Written != 29 || st.DeadLettered != 1 || len(h.buried) != 1 {
				t.Fatalf("%+v, %v", st, err)
			}
			letter := &h.buried[0]
			stage, _, _ := strings.Cut(name, " ")
			if got := letter.Get("error").Str(); number(letter) != 5 || got != "panic: boom" || letter.Get("stage").Str() != stage {
				t.Errorf("%d: %v", number(letter), letter.Value)
			}
		})
	}
}

// explosive is a codec that panics over 5.
type explosive struct{}

func (explosive) Decode(data []byte, v *pipeline.Value) error {
	if string(data) == "5" {
		panic("boom")
	}
	return nil
}

func (explosive) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	if v.Fields()[0].Value.Int() == 5 {
		panic("boom")
	}
	return dst, nil
}

// A transform or a handler of single records may mark a record, as one of batches
// does, in place of returning its error.
func TestMarkedRecordsHaveFailed(t *testing.T) {
	for _, stage := range []string{pipeline.StageTransform, pipeline.StageHandler} {
		for _, reason := range []error{errBusy, nil} {
			tries := 0
			mark := func(r *pipeline.Record) error {
				if number(r) == 3 {
					tries++
					r.Fail(reason)
				}
				return nil
			}
			h := newHarness(10)
			h.plan.Errors.OnFailure = config.DeadLetter
			if h.apply = mark; stage == pipeline.StageHandler {
				h.apply = nil
				h.withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
					out.Keep()
					return mark(r)
				}))
			}
			st, err := h.run(t, t.Context())
			if err != nil || st.Written != 9 || len(h.buried) != 1 || tries != 3 {
				t.Fatalf("%+v, %v, %d tries", st, err, tries)
			}
			letter := &h.buried[0]
			if letter.Get("stage").Str() != stage || letter.Get("plugin").Str() != "try" || letter.Get("attempts").Int() != 3 {
				t.Errorf("%s: %v", stage, letter.Value)
			}
		}
	}
}

// Nothing is handled after a record at which the pipeline stops.
func TestHandlerStopsAtTheFailure(t *testing.T) {
	var handled []int64
	h := newHarness(100).endIn(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, _ *pipeline.Results) error {
		if number(r) == 15 {
			return errBad
		}
		handled = append(handled, number(r))
		return nil
	}))
	st, err := h.run(t, t.Context())
	if !errors.Is(err, errBad) || st.Written != 15 || st.Failed != 1 || st.Read != 16 || lastOf(h.committed) != 14 {
		t.Errorf("%+v, %v, committed %v", st, err, h.committed)
	}
	if !slices.Equal(handled, upTo(15)) {
		t.Errorf("handled %v", handled)
	}
}

func TestResultsAtTheEndAreRefused(t *testing.T) {
	h := newHarness(3).endIn(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
		if number(r) == 1 {
			out.Keep()
		}
		return nil
	}))
	h.plan.Errors.OnFailure = config.Skip // would lose them
	if st, err := h.run(t, t.Context()); !errors.Is(err, errResults) || st.Written != 1 || lastOf(h.committed) != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}

// In a paced pipeline the handler in which it ends is called when the records
// are due.
func TestHandlerIsCalledOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		h := newHarness(3)
		h.plan.Pace = &config.Pace{Speed: 1}
		var at []time.Duration
		h.endIn(pipeline.HandlerFunc(func(context.Context, *pipeline.Record, *pipeline.Results) error {
			at = append(at, time.Since(start).Round(time.Second))
			return nil
		}))
		if st, err := h.run(t, t.Context()); err != nil || st.Written != 3 {
			t.Errorf("%+v, %v", st, err)
		}
		if diff := cmp.Diff([]time.Duration{0, time.Second, 2 * time.Second}, at); diff != "" {
			t.Error(diff)
		}
	})
}

// Where the results of one record go in two flights, the first does not move
// the position on to it.
func TestPositionWaitsForTheLastResult(t *testing.T) {
	b := &batch{}
	for _, offset := range []int64{1, 2, 2, 2, 3} {
		b.Records = append(b.Records, pipeline.Record{Origin: pipeline.Origin{Offset: offset}})
	}
	b.further = []bool{false, false, true, true, false}
	h := newHarness(0)
	w := &writer{Pipeline: New(&h.plan, h.opts)}
	var got []string
	for _, part := range [][]pipeline.Record{b.Records[:2], b.Records[2:3], b.Records[3:5]} {
		f := &flight{from: b}
		f.Records = part
		w.separate(f)
		got = append(got, fmt.Sprint(f.position, f.counts.read, f.counts.added))
	}
	if diff := cmp.Diff([]string{"[0]@1 2 0", " 0 1", "[0]@3 1 1"}, got); diff != "" {
		t.Error(diff)
	}
}

// A part that is cut between the results of one record ends before the first
// of them.
func TestCutKeepsResultsTogether(t *testing.T) {
	p := part{outcomes: outcomes{make([]pipeline.Record, 5), []bool{false, false, true, true, false}}}
	if p.cut(3); len(p.records) != 1 || len(p.further) != 1 || p.whole {
		t.Errorf("%d records, %d marks, whole: %v", len(p.records), len(p.further), p.whole)
	}
}

// In the usual case a handler costs no allocation for each record.
func TestHandlersCostNoAllocation(t *testing.T) {
	for name, handler := range map[string]pipeline.Handler{
		"batch":  batchFunc(func(*pipeline.Batch, *pipeline.Results) error { return nil }),
		"single": pipeline.HandlerFunc(func(context.Context, *pipeline.Record, *pipeline.Results) error { return nil }),
		"keep":   pipeline.HandlerFunc(func(_ context.Context, _ *pipeline.Record, out *pipeline.Results) error { out.Keep(); return nil }),
		"add":    pipeline.HandlerFunc(func(_ context.Context, _ *pipeline.Record, out *pipeline.Results) error { out.Add(); return nil }),
	} {
		h := newHarness(0)
		w := &worker{Pipeline: New(&h.plan, h.opts)}
		w.reading, w.writing = t.Context(), t.Context()
		w.chain = []step{newStep("try", pipeline.HandlerTransform{Handler: handler})}
		w.prepare()
		w.chain[0].most.n = 1000
		w.outlet = &task{job: &job{}}
		records := make([]pipeline.Record, 1000)
		var p part
		if n := testing.AllocsPerRun(10, func() {
			clear(records)
			p.begin(records, nil, 0)
			w.process(&p, 0)
		}); n > 16 {
			t.Errorf("%s: %v allocations for 1000 records", name, n)
		}
	}
}

// A fatal error stops the pipeline at the record, though failures are skipped.
func TestFatalStops(t *testing.T) {
	for name, handler := range map[string]pipeline.Handler{
		"single": pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, _ *pipeline.Results) error {
			if number(r) == 2 {
				return pipeline.Fatal(errors.New("gone"))
			}
			return nil
		}),
		"batch": batchFunc(func(b *pipeline.Batch, _ *pipeline.Results) error {
			if number(&b.Records[len(b.Records)-1]) >= 2 {
				return pipeline.Fatal(errors.New("gone"))
			}
			return nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(6).endIn(handler)
			h.plan.Errors.OnFailure = config.Skip
			if s, err := h.run(t, t.Context()); !pipeline.IsFatal(err) || s.Written != 2 || s.Skipped != 0 {
				t.Errorf("error: %v; %d written, %d skipped", err, s.Written, s.Skipped)
			}
		})
	}
}
