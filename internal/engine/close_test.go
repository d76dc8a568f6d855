package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// moody is a handler that ends badly.
type moody struct {
	batchFunc
	close func() error
}

func (m moody) Close() error { return m.close() }

// Whatever panics or fails when it is opened or closed fails its pipeline, which
// names it; the rest is closed all the same.
func TestOpeningAndClosing(t *testing.T) {
	handle := batchFunc(func(*pipeline.Batch, *pipeline.Results) error { return nil })
	for _, c := range []struct {
		name, want string
		written    int64
		open       func() (pipeline.Handler, error)
	}{
		{"open fails", "handler moody: no database", 0, func() (pipeline.Handler, error) { return nil, errors.New("no database") }},
		{"open panics", "handler moody: panic: ouch", 0, func() (pipeline.Handler, error) { panic("ouch") }},
		{"nothing is opened", "handler moody: opening it returns neither a plugin nor an error", 0, func() (pipeline.Handler, error) { return nil, nil }},
		{"close fails", "handler moody: closing: lost", 5, func() (pipeline.Handler, error) {
			return moody{handle, func() error { return errors.New("lost") }}, nil
		}},
		{"close panics", "handler moody: closing: panic: ouch", 5, func() (pipeline.Handler, error) {
			return moody{handle, func() error { panic("ouch") }}, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			h := newHarness(5).endIn(handle)
			h.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
			h.plan.Handler = pipeline.NewBound("moody", nil, func(context.Context, pipeline.Env) (pipeline.Handler, error) { return c.open() })
			closed := false
			h.plan.Sink = pipeline.NewBound("sink", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
				return pipeline.Synchronous(closing{&closed}), nil
			})
			st, err := h.run(t, t.Context())
			if fmt.Sprint(err) != c.want || st.State != Failed || st.Written != c.written || !closed {
				t.Errorf("%v, %+v, the sink is closed: %v", err, st, closed)
			}
			if strings.Contains(c.name, "panics") != strings.Contains(log.String(), `panic=ouch`) {
				t.Error(log.String())
			}
		})
	}
}

// What does not return from being opened is left when the run is stopped.
func TestOpeningThatDoesNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		h := newHarness(5)
		returns := make(chan struct{})
		h.plan.Handler = pipeline.NewBound("stuck", nil, func(context.Context, pipeline.Env) (pipeline.Handler, error) {
			<-returns
			return nil, errBad
		})
		h.steer = func(p *Pipeline) {
			synctest.Wait()
			if what, n := p.Underway(); len(what) != 1 || what[0] != "the opening of handler stuck" || n != 0 {
				t.Errorf("waits for %v, %d", what, n)
			}
			stop()
		}
		start := time.Now()
		_, err := h.run(t, ctx)
		if took := time.Since(start); !errors.Is(err, errLeft) || took != h.opts.Grace+lastLeave {
			t.Errorf("%v after %v", err, took)
		}
		close(returns)
	})
}

type closing struct{ closed *bool }

func (closing) Store(context.Context, *pipeline.Batch) error { return nil }
func (c closing) Close() error                               { *c.closed = true; return nil }
