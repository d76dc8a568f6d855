package engine

import (
	"context"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// behind is the lateness from which a replay counts as behind its schedule.
const behind = int64(10 * time.Millisecond)

// newLine returns the line that a pace asks for.
func newLine(p *config.Pace) *playback.Line {
	l := playback.NewLine()
	l.MaxGap, l.SkipOver = int64(p.MaxGap), int64(p.SkipGapsOver)
	l.Rate = playback.Rate{Records: p.Rate.Records, Nanoseconds: uint64(p.Rate.Per)}
	return l
}

// beginning returns when the first record is due: now, or at start_at.
func (r *releaser) beginning() int64 {
	now, at := r.clock.Now(), r.plan.Pace.StartAt.Time
	if at.IsZero() {
		return now
	}
	begins := r.clock.Wall(at)
	if begins < now {
		r.log.Warn("start_at has passed; the replay begins now", "start_at", at.Format(time.RFC3339), "ago", time.Duration(now-begins).Round(time.Millisecond))
		return now
	}
	r.log.Info("the replay is ready, and begins at start_at", "start_at", at.Format(time.RFC3339), "in", time.Duration(begins-now).Round(time.Millisecond))
	return begins
}

// catchUp does what when_behind says about a record that is late, and reports
// whether it is dropped. Such a record counts as filtered.
func (r *releaser) catchUp(rec *pipeline.Record, late int64) (dropped bool) {
	switch p := r.plan.Pace; {
	case p.WhenBehind == config.Stretch:
		r.clock.Shift(late)
		r.refresh()
		r.stats.stretched.Add(late)
	case p.WhenBehind == config.Drop && late > int64(p.DropAfter):
		rec.Failure = filtered
		r.stats.tooLate.Add(1)
		return true
	}
	return false
}

// watchSuspension has the replay take a suspension of the machine for being
// behind, and returns the call that ends that.
func (p *Pipeline) watchSuspension(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.clock.WatchSuspension(ctx, p.asleep, func(d time.Duration) {
			p.log.Warn("the machine was suspended; the replay is behind by that", "for", d.Round(time.Millisecond), "when_behind", p.plan.Pace.WhenBehind)
		})
	}()
	return func() { cancel(); <-ended }
}
