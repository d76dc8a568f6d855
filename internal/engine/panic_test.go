package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// A call that ends its goroutine fails the pipeline, with what comes before it
// written; nothing hangs.
func TestCallThatEndsItsGoroutine(t *testing.T) {
	exit := func(r *pipeline.Record) {
		if number(r) == 25 {
			runtime.Goexit()
		}
	}
	for _, c := range []struct {
		name, want string
		prepare    func(h *harness)
	}{
		{"transform", "transform try", func(h *harness) { h.apply = func(r *pipeline.Record) error { exit(r); return nil } }},
		{"handler", "handler try", func(h *harness) {
			h.withHandler(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
				exit(r)
				out.Keep()
				return nil
			}))
		}},
		{"handler of batches at the end", "handler try", func(h *harness) {
			h.endIn(batchFunc(func(b *pipeline.Batch, _ *pipeline.Results) error {
				for i := range b.Records {
					exit(&b.Records[i])
				}
				return nil
			}))
		}},
		{"source", "source numbers", func(h *harness) { h.read = exit }},
	} {
		for _, workers := range []int{1, 3} {
			t.Run(fmt.Sprint(c.name, ", ", workers, " workers"), func(t *testing.T) {
				h := newHarness(100)
				h.plan.Workers = config.Workers{Count: workers, By: config.ByKey}
				h.plan.Errors.OnFailure = config.Skip
				c.prepare(h)
				st, err := h.run(t, t.Context())
				if !errors.Is(err, errExit) || !strings.HasPrefix(err.Error(), c.want+": ") || st.State != Failed || st.Written < 20 || st.Written > 25 || lastOf(h.committed) != st.Written-1 {
					t.Errorf("%+v, %v, committed %v", st, err, h.committed)
				}
			})
		}
	}
}

// What the log says of a panic begins where the plugin panics.
func TestStackOfAPanic(t *testing.T) {
	var stack []byte
	func() {
		defer func() {
			if recover() != nil {
				stack = debug.Stack()
			}
		}()
		var m map[string]int
		_ = strings.Map(func(rune) rune { m["a"]++; return 0 }, "a")
	}()
	got := pluginStack(stack)
	if first, _, _ := strings.Cut(got, "("); !strings.HasSuffix(first, "engine.TestStackOfAPanic.func1.2") || strings.Contains(got, "testing.tRunner") {
		t.Errorf("%s\n\nof\n%s", got, stack)
	}
	if got := pluginStack([]byte("what else")); got != "what else" {
		t.Error(got)
	}
}

// A panic that a handler has recovered itself is logged as any.
func TestRecoveredPanicIsLogged(t *testing.T) {
	var log bytes.Buffer
	h := newHarness(3).withHandler(pipeline.HandlerFunc(func(context.Context, *pipeline.Record, *pipeline.Results) error {
		return fmt.Errorf("recovered: %w", &pipeline.PanicError{Value: "boom", Stack: []byte("over there")})
	}))
	h.plan.Errors.OnFailure = config.Skip
	h.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	if st, err := h.run(t, t.Context()); err != nil || st.Skipped != 3 || strings.Count(log.String(), `panic=boom stack="over there"`) != 3 {
		t.Errorf("%+v, %v\n%s", st, err, &log)
	}
}

// Who waits for a record that is tried again is told why.
func TestLongWaitIsLogged(t *testing.T) {
	for _, single := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			h := newHarness(2)
			if h.plan.Errors.Backoff = (config.Backoff{Initial: 600 * time.Millisecond, Max: time.Minute}); single {
				h.withHandler(pipeline.HandlerFunc(func(context.Context, *pipeline.Record, *pipeline.Results) error { return errBusy }))
			} else {
				h.apply = func(*pipeline.Record) error { return errBusy }
			}
			h.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
			_, err := h.run(t, t.Context())
			if err == nil || !strings.HasSuffix(err.Error(), "busy (tried 3 times)") {
				t.Error(err)
			}
			if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "at=n[0]@0") || !strings.Contains(text, "retry=2 of=2 in=1.2s") {
				t.Error(text)
			}
		})
	}
}
