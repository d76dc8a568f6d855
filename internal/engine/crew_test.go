package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// keyed has h's records have one of so many keys.
func (h *harness) keyed(keys int64) *harness {
	h.read = func(r *pipeline.Record) { r.Key = fmt.Append(nil, number(r)*7919%keys) }
	return h
}

// Eight workers are seven times as fast as one, the records of a key stay in
// order, and so do the results.
func TestWorkersByKey(t *testing.T) {
	const count, pause = 16000, 10 * time.Millisecond
	for _, end := range []bool{false, true} {
		t.Run(fmt.Sprint("at the end: ", end), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(count).keyed(8000)
				h.batch = 500
				h.plan.Workers = config.Workers{Count: 8, By: config.ByKey}
				var mu sync.Mutex
				handled := map[string][]int64{}
				handler := pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
					time.Sleep(pause)
					mu.Lock()
					defer mu.Unlock()
					handled[string(r.Key)] = append(handled[string(r.Key)], number(r))
					if !end {
						out.Keep()
					}
					return nil
				})
				if end {
					h.endIn(handler)
				} else {
					h.withHandler(handler)
				}
				st, err := h.run(t, t.Context())
				if err != nil || st.Written != count || lastOf(h.committed) != count-1 {
					t.Errorf("%+v, %v", st, err)
				}
				if factor := (count * pause).Seconds() / st.Elapsed.Seconds(); factor < 7 {
					t.Errorf("8 workers are %.1f times as fast as one", factor)
				}
				for key, ns := range handled {
					if !slices.IsSorted(ns) {
						t.Errorf("key %s is handled in the order %v", key, ns)
					}
				}
				if !end && !slices.Equal(h.stored, upTo(count)) {
					t.Error("the results are not in order")
				}
				if end && len(h.committed) < 50 {
					t.Errorf("%d commits in %v", len(h.committed), st.Elapsed)
				}
			})
		})
	}
}

// Several workers make of the records what one does.
func TestWorkersAndResults(t *testing.T) {
	var want []string
	for _, count := range []int{1, 3} {
		h := newHarness(60).keyed(10).withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
			for i := range number(r) % 3 {
				out.Add().Set("i", pipeline.Int(i))
			}
			return nil
		}))
		h.plan.Workers = config.Workers{Count: count, By: config.ByKey}
		got := seen(t, h, func(r *pipeline.Record) string { return fmt.Sprint(r.Origin.Offset, r.Value) })
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) != 60 {
			t.Errorf("%d workers: %d results\n%s", count, len(got), diff)
		}
	}
}
