package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
	"github.com/pipeline-daemon/pipeline/internal/state"
)

// atOnce is how soon pipelines must stop for nothing to be said about it.
const atOnce = 100 * time.Millisecond

// run runs pipelines side by side and tells how they ended.
func run(c *console, o *runOptions, plans []*config.Plan) error {
	feeders, linkErr := config.Links(plans)
	if err := errors.Join(config.CheckTogether(plans), linkErr); err != nil {
		return err
	}
	if use := config.Uses(plans, o.report); use != "" {
		return fmt.Errorf("--report %s: is %s; choose another file", o.report, use)
	}
	if err := checkState(o.state, plans); err != nil {
		return err
	}
	options := engine.Options{Log: c.log, Grace: o.grace, Limit: o.limit, Store: state.New(o.state), Stdin: os.Stdin, Stdout: c.stdout}
	pipelines := make([]*engine.Pipeline, len(plans))
	for i, plan := range plans {
		pipelines[i] = engine.New(plan, options)
	}
	c.forced = func() { reportForced(o, pipelines) }
	ended := make(chan struct{}) // the pipelines have
	announce := func() {
		select {
		case <-ended:
		case <-time.After(atOnce):
			c.log.Info(fmt.Sprintf("stopping: %s (up to %v); press Ctrl-C again to quit at once", awaited(pipelines), o.grace))
		}
	}
	return withBrokers(c, plans, *o.memory, announce, func(ctx context.Context) error {
		runPipelines(ctx, c, o, plans, pipelines, feeders)
		close(ended)
		statuses := statusesOf(pipelines)
		return conclude(c, o, plans, statuses)
	})
}

// awaited says what pipelines that are being stopped wait for.
func awaited(pipelines []*engine.Pipeline) string {
	var all []string
	var records int64
	for _, p := range pipelines {
		what, n := p.Underway()
		all, records = append(all, what...), records+n
	}
	slices.Sort(all)
	what := strings.Join(slices.Compact(all), ", ")
	switch {
	case records > 0:
		return fmt.Sprintf("waiting for %s at %s", count(records, "record"), what)
	case what != "":
		return "waiting for " + what
	}
	return "storing what has been released"
}

// runPipelines runs the plans' pipelines until all have ended, and shows their
// progress. Each is stopped after its feeders.
func runPipelines(ctx context.Context, c *console, o *runOptions, plans []*config.Plan, pipelines []*engine.Pipeline, feeders [][]int) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	leaves := make([]func(error), len(plans))
	for i, plan := range plans {
		leaves[i] = plan.Join()
	}
	defer steerable(ctx, c, o.state, pipelines)()
	played := isPlayed(c, o, plans)
	if played {
		_ = pipelines[0].Latest() // from the first record on
	}
	over := makeEnds(len(plans))
	var wg sync.WaitGroup
	var running atomic.Int64
	running.Store(int64(len(pipelines)))
	for i, p := range pipelines {
		wg.Go(func() {
			err := p.Run(over.after(ctx, feeders[i]))
			leaves[i](err)
			close(over[i])
			others := running.Add(-1) > 0
			if c.quiet || others && (err != nil || ctx.Err() == nil) { // what the summary tells too late, or not at all
				logEnd(c.log, p.Status())
			}
			if err != nil && o.failFast {
				stop()
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	stopping := func() bool { return ctx.Err() != nil }
	if !played || !play(c, pipelines[0], plans[0].Pace.Speed, stopping, ended) {
		showProgress(c, pipelines, stopping, ended)
	}
}

func statusesOf(pipelines []*engine.Pipeline) []engine.Status {
	statuses := make([]engine.Status, len(pipelines))
	for i, p := range pipelines {
		statuses[i] = p.Status()
	}
	return statuses
}

// logEnd tells in a log line how a pipeline has ended.
func logEnd(log *slog.Logger, s engine.Status) {
	attrs := []any{"pipeline", s.Name, "read", s.Read, "written", s.Written}
	for name, n := range map[string]int64{"filtered": s.Filtered, "failed": s.Failed, "skipped": s.Skipped, "dead_lettered": s.DeadLettered, "lost": s.Lost} {
		if n > 0 {
			attrs = append(attrs, name, n)
		}
	}
	if s.Bytes > 0 {
		attrs = append(attrs, "bytes", s.Bytes)
	}
	if s.Pace != nil && !s.Pace.Position.IsZero() {
		l := s.Pace.Lateness
		attrs = append(attrs, slog.Group("lateness_ms", "p50", micros(l.P50)/1e3, "p99", micros(l.P99)/1e3, "max", micros(l.Max)/1e3))
	}
	if s.ReaderGone {
		attrs = append(attrs, "reader_gone", true)
	}
	if s.Read == 0 && s.Resumed != "" {
		attrs = append(attrs, "nothing_new_after", s.Resumed)
	}
	if s.Err != nil {
		log.Error(string(s.State), append(attrs, "error", s.Err)...)
		return
	}
	log.Info(string(s.State), append(attrs, "seconds", micros(s.Elapsed)/1e6)...)
}

// conclude writes the summaries and the report, and returns the error that
// makes the exit code.
func conclude(c *console, o *runOptions, plans []*config.Plan, statuses []engine.Status) error {
	c.screen.close()
	c.lines.flush(0)
	var errs []error
	for i, s := range statuses {
		switch {
		case c.json:
			logEnd(c.log, s)
		case !c.quiet:
			fmt.Fprint(c.stderr, summary(plans[i], s, c.paint))
		}
		if s.State == engine.Failed {
			errs = append(errs, errReported)
		}
		for _, err := range o.breaches(s) {
			errs = append(errs, c.tell(err))
		}
	}
	if o.report != "" {
		if err := newReport(version(), o.judged(statuses)).write(o.report); err != nil {
			errs = append(errs, c.tell(err))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return failure{errors.Join(errs...)}
}
