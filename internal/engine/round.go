package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// round is one playing of the source. Its event times go on where those of the
// round before it end.
type round struct {
	number config.Loop // from 1
	before int64       // the latest event time before it, as it was shifted
	shift  int64       // from recorded event times to those of the round
	known  bool        // shift is
}

// round returns the round that is read.
func (c *course) round() *round { return &c.rounds[len(c.rounds)-1] }

// see takes note of a record's event time.
func (c *course) see(rec *pipeline.Record) {
	if !isTimed(rec) {
		return
	}
	t := playback.EventTime(rec.Time)
	if r := c.round(); !r.known {
		if r.known = true; r.before != never {
			r.shift = r.before - t
		}
	}
	c.highest, c.top = max(c.highest, t), max(c.top, t)
}

// again opens the source for the next round. It returns io.EOF if there is
// none.
func (c *course) again(ctx context.Context) error {
	r := *c.round()
	rounds := c.pace.Loop.Rounds()
	nothing := c.empty && r.number == 1 && !c.resumed
	if nothing {
		c.window.warn(c.log)
	}
	switch {
	case c.empty && r.number > 1:
		return fmt.Errorf("nothing came in round %d: can it be read again from its start?", r.number)
	case nothing || rounds != config.Forever && r.number >= rounds:
		return io.EOF
	}
	if err := c.input.reopen(ctx, nil); err != nil {
		return fmt.Errorf("opening it for round %d: %w", r.number+1, err)
	}
	c.stats.reopened(c.input.Source)
	c.reader.rewind()
	if c.reader.sought { // to behind the end
		c.reader.arrive(max(c.highest, c.reader.first))
		c.base.settle(c.highest)
	}
	before := r.before
	if c.highest != never {
		before = max(before, saturated(c.highest, r.shift))
	}
	c.rounds = append(c.played(), round{number: r.number + 1, before: before})
	c.highest = never
	if c.hold != nil {
		c.hold.begin(r.number+1, never, never)
	}
	c.empty, c.begins, c.seen = true, true, false
	c.window.inside, c.window.passed = false, false
	c.base.line.Round(int64(c.pace.LoopDelay))
	return nil
}

// played returns the rounds that are read or still played: a seek may go to
// their records.
func (c *course) played() []round {
	head := max(config.Loop(c.stats.round.Load()), 1)
	for len(c.rounds) > 1 && c.rounds[0].number < head {
		c.rounds = c.rounds[1:]
	}
	return c.rounds
}

// goBack goes back to the round that is played, and reports whether a later
// one was read.
func (c *course) goBack() bool {
	rounds := c.played()
	c.rounds = rounds[:1]
	if len(rounds) == 1 {
		return false
	}
	c.empty = false
	return true
}
