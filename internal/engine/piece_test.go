package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// slow puts handlers that take a while for each record into a pipeline, and
// returns a description.
func (h *harness) slow(t *testing.T, each time.Duration, where string) {
	single := pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
		time.Sleep(each)
		if h.plan.Handler == nil {
			out.Keep()
		}
		return nil
	})
	batch := batchFunc(func(b *pipeline.Batch, out *pipeline.Results) error {
		for i := range b.Records {
			time.Sleep(each)
			if out.For(i); h.plan.Handler == nil {
				out.Keep()
			}
		}
		return nil
	})
	switch where {
	case "transform":
		h.apply = func(*pipeline.Record) error { time.Sleep(each); return nil }
	case "single":
		h.withHandler(single)
	case "batch":
		h.withHandler(batch)
	case "two":
		h.withHandler(single).withHandler(batch)
	case "single at the end":
		h.endIn(single)
	case "batch at the end":
		h.endIn(batch)
	default:
		t.Fatal(where)
	}
}

var slowPlaces = []string{"transform", "single", "batch", "two", "single at the end", "batch at the end"}

// What a slow handler has done goes on before the rest of its batch is done, and
// is committed when the pipeline is stopped, with one worker and several.
func TestSlowHandlersHandOnAsTheyGo(t *testing.T) {
	const each = time.Second
	for _, where := range slowPlaces {
		for _, workers := range []int{1, 3} {
			t.Run(fmt.Sprint(where, ", ", workers, " workers"), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, stop := context.WithCancel(t.Context())
					h := newHarness(1000).keyed(100)
					h.batch = 1000
					h.opts.Grace = 4 * time.Second
					h.plan.Workers = config.Workers{Count: workers, By: config.ByKey}
					h.slow(t, each, where)
					start := time.Now()
					var arrived []time.Duration
					noted := func(b *pipeline.Batch) error {
						for range b.Records {
							arrived = append(arrived, time.Since(start))
						}
						return nil
					}
					h.write = noted
					if h.plan.Handler != nil {
						h.plan.Sink = pipeline.NewBound("try", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
							return pipeline.Synchronous(storer(noted)), nil
						})
					}
					time.AfterFunc(20*each+each/2, stop)
					st, err := h.run(t, ctx)
					if err != nil || st.State != Stopped || lastOf(h.committed) != st.Read-1 || st.Written != int64(len(arrived)) {
						t.Fatalf("%+v, %v, committed %v", st, err, h.committed)
					}
					if least := int64(20*workers/3) - 3; where != "two" && st.Written < least {
						t.Errorf("%d written, fewer than %d", st.Written, least)
					}
					if first := arrived[0]; first > 3*each {
						t.Errorf("the first comes after %v", first)
					}
					for i := 1; i < len(arrived); i++ {
						if gap := arrived[i] - arrived[i-1]; gap > 5*each {
							t.Errorf("nothing for %v, after %d", gap, i)
						}
					}
					if !slices.Equal(h.stored, upTo(int64(len(h.stored)))) {
						t.Errorf("stored %v", h.stored)
					}
				})
			})
		}
	}
}

// What comes of one record goes on together, and each once, in order.
func TestSlowHandlersKeepResultsTogether(t *testing.T) {
	for _, workers := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			h := newHarness(50).keyed(10)
			h.batch = 50
			h.plan.Workers = config.Workers{Count: workers, By: config.ByKey}
			h.withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
				time.Sleep(70 * time.Millisecond)
				for k := range number(r) % 4 {
					out.Add().Set("k", pipeline.Int(k))
				}
				return nil
			}))
			h.slow(t, 70*time.Millisecond, "batch")
			var want, got []string
			for n := range 50 {
				for k := range n % 4 {
					want = append(want, fmt.Sprint(n, " {k: ", k, "}"))
				}
			}
			batches := 0
			h.write = func(b *pipeline.Batch) error {
				batches++
				for i := range b.Records {
					got = append(got, fmt.Sprint(number(&b.Records[i]), " ", b.Records[i].Value))
				}
				return nil
			}
			st, err := h.run(t, t.Context())
			if diff := cmp.Diff(want, got); diff != "" || err != nil || st.Read != 50 || lastOf(h.committed) != 49 || batches < 5 {
				t.Errorf("%d workers, %d batches: %v, %+v\n%s", workers, batches, err, st, diff)
			}
		})
	}
}

// A paced pipeline releases what a slow handler before its end has done when it
// is due, also what was held back to be sorted.
func TestSlowHandlerBeforeTheRelease(t *testing.T) {
	for _, reorder := range []time.Duration{0, 10 * time.Second} {
		for _, workers := range []int{1, 2} {
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(100).keyed(20)
				h.batch = 100
				h.plan.Pace = &config.Pace{Speed: 1, Reorder: reorder}
				h.plan.Workers = config.Workers{Count: workers, By: config.ByKey}
				h.slow(t, 500*time.Millisecond, "single")
				h.withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
					out.Keep()
					if number(r)%2 == 0 {
						out.Add()
					}
					return nil
				}))
				start := time.Now()
				h.write = func(b *pipeline.Batch) error {
					for i := range b.Records {
						n := time.Duration(number(&b.Records[i])) * time.Second
						if at := time.Since(start); at < n || at > n+time.Second {
							t.Errorf("%d comes after %v", number(&b.Records[i]), at)
						}
					}
					return nil
				}
				if st, err := h.run(t, t.Context()); err != nil || st.Written != 150 || lastOf(h.committed) != 99 {
					t.Errorf("%+v, %v", st, err)
				}
			})
		}
	}
}

// While a record is tried again, what is before it is stored; it has as many
// tries as any.
func TestRetriesHoldNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(10)
		h.plan.Errors.OnFailure, h.plan.Errors.Retries = config.DeadLetter, 3
		h.plan.Errors.Backoff = config.Backoff{Initial: 10 * time.Second, Max: 10 * time.Second}
		tries := 0
		h.withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
			out.Keep()
			if number(r) == 5 {
				tries++
				return errBusy
			}
			return nil
		}))
		start := time.Now()
		h.write = func(b *pipeline.Batch) error {
			if n, at := number(&b.Records[0]), time.Since(start); n < 5 && at > 0 || n > 5 && at != 30*time.Second {
				t.Errorf("%d comes after %v", n, at)
			}
			return nil
		}
		st, err := h.run(t, t.Context())
		if err != nil || st.Written != 9 || st.DeadLettered != 1 || tries != 4 || h.buried[0].Get("attempts").Int() != 4 {
			t.Errorf("%+v, %v, %d tries", st, err, tries)
		}
	})
}

// A batch that fails as a whole does not hold up what comes before its records,
// nor what is handled of them one by one.
func TestFailedBatchHoldsNothingUp(t *testing.T) {
	for _, end := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := newHarness(100)
			h.batch = 100
			h.plan.Errors.OnFailure = config.Skip
			handler := batchFunc(func(b *pipeline.Batch, out *pipeline.Results) error {
				time.Sleep(60 * time.Millisecond)
				for i := range b.Records {
					if number(&b.Records[i]) == 20 {
						return errBad
					}
					if out.For(i); !end {
						out.Keep()
					}
					b.Records[i].Set("handled", pipeline.Bool(true))
				}
				return nil
			})
			last, written := time.Now(), 0
			noted := func(b *pipeline.Batch) error {
				if gap := time.Since(last); gap > 400*time.Millisecond {
					t.Errorf("nothing for %v", gap)
				}
				last, written = time.Now(), written+len(b.Records)
				return nil
			}
			h.write = noted
			if !end {
				h.withHandler(handler)
			} else {
				h.endIn(handler)
				h.plan.Sink = pipeline.NewBound("try", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
					return pipeline.Synchronous(storer(noted)), nil
				})
			}
			st, err := h.run(t, t.Context())
			if err != nil || st.Skipped != 1 || st.Written != 99 || written != 99 || lastOf(h.committed) != 99 {
				t.Errorf("%+v, %v, %d written", st, err, written)
			}
		})
	}
}

// The number of records that a handler is given follows what its calls cost.
func TestMost(t *testing.T) {
	const batch = 1024
	call := func(once, each time.Duration) func(n int) time.Duration {
		return func(n int) time.Duration { return once + time.Duration(n)*each }
	}
	for _, c := range []struct {
		name        string
		takes       []func(n int) time.Duration // one after the other
		least, most int
	}{
		{"quick", []func(int) time.Duration{call(0, time.Microsecond)}, batch, batch},
		{"slow", []func(int) time.Duration{call(0, time.Second)}, 1, 1},
		{"10 ms each", []func(int) time.Duration{call(0, 10*time.Millisecond)}, 8, 16},
		{"a call costs 3 s", []func(int) time.Duration{call(3*time.Second, 0)}, batch, batch},
		{"a call costs 50 ms", []func(int) time.Duration{call(50*time.Millisecond, time.Millisecond)}, 32, 64},
		{"becomes slow", []func(int) time.Duration{call(0, time.Microsecond), call(0, time.Second)}, 1, 1},
		{"becomes quick", []func(int) time.Duration{call(0, time.Second), call(0, time.Microsecond)}, batch, batch},
		{"calls become dear", []func(int) time.Duration{call(0, 10*time.Microsecond), call(time.Second, 0)}, batch, batch},
		{"many at once", []func(int) time.Duration{func(n int) time.Duration { return time.Duration((n+99)/100) * time.Second }}, 64, 128},
	} {
		var m most
		n := 0
		for _, takes := range c.takes {
			for i := range 100 {
				n = min(m.records(), batch)
				if i%10 == 9 { // what is left of a batch
					n = max(n/7, 1)
				}
				m.note(n, takes(n), nil)
			}
		}
		if n = min(m.records(), batch); n < c.least || n > c.most {
			t.Errorf("%s: %d", c.name, n)
		}
		if m.note(n, time.Second, errors.New("busy")); m.records() != 1 {
			t.Errorf("%s: %d after a failure", c.name, m.records())
		}
	}
}

// Calls with more records than a timeout allows for are not tried again and again.
func TestMostWithATimeout(t *testing.T) {
	const timeout = 300 * time.Millisecond
	for _, c := range []struct {
		once, each time.Duration
		want       int
	}{
		{0, 200 * time.Millisecond, 1},
		{250 * time.Millisecond, time.Millisecond, 32},
		{250 * time.Millisecond, 0, 1024},
	} {
		var m most
		late := 0
		for range 200 {
			n := min(m.records(), 1024)
			took, err := c.once+time.Duration(n)*c.each, error(nil)
			if took > timeout {
				took, err = timeout, fmt.Errorf("takes longer: %w", context.DeadlineExceeded)
				late++
			}
			m.note(n, took, err)
		}
		if n := min(m.records(), 1024); n != c.want || late > 2 {
			t.Errorf("%v and %v each: %d, %d calls are late", c.once, c.each, n, late)
		}
		if m.note(1, time.Second, context.DeadlineExceeded); min(m.records(), 1024) != c.want {
			t.Errorf("%v and %v each: %d after one record that is late", c.once, c.each, m.records())
		}
	}
}
