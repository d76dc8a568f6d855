//go:build bench

package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// arriving tells when records come.
type arriving struct {
	at   chan time.Time // of one of those to come
	last atomic.Int64   // in ns since the start
	from time.Time
}

func (a *arriving) Write(_ context.Context, _ *pipeline.Batch, done func(error)) {
	now := time.Now()
	a.last.Store(int64(now.Sub(a.from)))
	select {
	case a.at <- now:
	default:
	}
	done(nil)
}

func (*arriving) Close() error { return nil }

// next returns when the next record comes.
func (a *arriving) next() time.Time {
	select {
	case <-a.at:
	default:
	}
	return <-a.at
}

// How long after the call a replay stops and goes on, in this process.
func TestSteering(t *testing.T) {
	csv := series{n: full(600_000, 50_000), columns: 4, every: 100 * time.Microsecond}.write(t)
	plan := load(t, yamlFile(t, fmt.Sprintf("source: {csv: {path: %q, timestamp: timestamp}}\npace: {speed: 1}\nsink: drop\n", csv)))
	a := &arriving{at: make(chan time.Time, 1), from: time.Now()}
	plan.Sink = pipeline.NewBound("arriving", plan.Sink.Options, func(context.Context, pipeline.Env) (pipeline.Sink, error) { return a, nil })
	p := engine.New(plan, engine.Options{Log: slog.New(slog.DiscardHandler), Grace: time.Second, Stdout: io.Discard})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for _, s := range []struct {
		what, aim string
		halt, run func() error
	}{
		{"pause → silence, and resume → next record", "≤ 5 ms", p.Pause, p.Resume},
		{"speed 1e-6 → silence, and speed 1 → next record", "one wake", func() error { return p.SetSpeed(1e-6) }, func() error { return p.SetSpeed(1) }},
	} {
		var silent, awake []time.Duration
		for range full(100, 10) {
			a.next()
			called := time.Now()
			if err := s.halt(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond) // what still comes, comes now
			silent = append(silent, max(a.from.Add(time.Duration(a.last.Load())).Sub(called), 0))
			called = time.Now()
			if err := s.run(); err != nil {
				t.Fatal(err)
			}
			awake = append(awake, a.next().Sub(called))
		}
		note(t, s.what+", 10000 rows/s, engine in process", s.aim, "median %.3f and %.3f ms, longest %.3f and %.3f ms of %d", milliseconds(median(silent)),
			milliseconds(median(awake)), milliseconds(slices.Max(silent)), milliseconds(slices.Max(awake)), len(awake))
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
