package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// course is what a pace does to the records that are read: it chooses a window
// of them, plays them again and again, moves their event times and changes
// their order. It belongs to the read stage. A pipeline whose pace does nothing
// of this has none.
type course struct {
	*Pipeline
	pace *config.Pace

	window window
	last   pipeline.Record // what a duplicate is equal to
	seen   bool

	resumed bool        // an earlier run has played a part
	round   config.Loop // from 1
	empty   bool        // nothing has come in this round
	begins  bool        // the next batch begins a round
	shift   int64       // from event times as they are read to those of this round
	shifted bool        // shift is this round's
	highest int64       // event time so far
	any     bool        // there is a highest

	base base
	hold *hold // nil: records keep their order
}

// newCourse returns nil if the pace leaves records as they are read.
func newCourse(p *Pipeline) (*course, error) {
	pace := p.plan.Pace
	if pace == nil {
		return nil, nil
	}
	c := &course{Pipeline: p, pace: pace, round: 1, empty: true,
		resumed: len(p.position) > 0, window: window{start: pace.Start, end: pace.End}}
	if pace.Reorder > 0 || pace.Disorder != nil {
		c.hold = newHold(pace, &p.stats.paceStats)
	}
	loops := pace.Loop.Rounds() != 1
	if !loops && c.hold == nil && pace.Rebase == "" && pace.Start.IsZero() && pace.End.IsZero() && pace.Duplicates != config.Drop {
		return nil, nil
	}
	if p.committer != nil && loops {
		return nil, fmt.Errorf("pace: loop: source %s keeps its positions itself, so it can't be read again from its start", p.plan.Source.Name)
	}
	c.base = base{kind: pace.Rebase, line: newLine(pace), stats: &p.stats.paceStats}
	return c, nil
}

// isFixed reports whether a replay can't be moved to an event time, since its
// records don't lie in the source as they are played.
func isFixed(p *config.Pace) bool {
	return p.Loop.Rounds() != 1 || p.Reorder > 0 || p.Disorder != nil || p.Rebase == config.RebaseWall
}

// read fills a batch, as a source does.
func (c *course) read(ctx context.Context, b *batch) error {
	for {
		if c.hold != nil && c.hold.emit(b, c.place) {
			c.mark(b)
			return nil
		}
		in := &b.Batch
		if c.hold != nil {
			in = &c.hold.in
		}
		in.Reset()
		err := io.EOF
		if !c.window.passed {
			err = c.input.Read(ctx, in)
		}
		if err == nil {
			err = c.take(in)
		}
		switch {
		case err == io.EOF && c.hold != nil && c.hold.flush():
		case err == io.EOF:
			if err := c.again(ctx); err != nil {
				return err
			}
		case err != nil:
			return err
		case c.hold == nil && len(b.Records) > 0:
			c.mark(b)
			return nil
		}
	}
}

// mark notes that a round begins with a batch, if one does.
func (c *course) mark(b *batch) {
	b.round, c.begins = c.begins, false
}

// take leaves out what is not to be played, and moves the rest.
func (c *course) take(in *pipeline.Batch) error {
	kept := 0
	for i := range in.Records {
		r := &in.Records[i]
		if err := c.window.look(r.Time, isTimed(r)); err != nil {
			return err
		}
		if !c.window.inside || c.duplicate(r) {
			continue
		}
		c.empty = false
		c.move(r)
		if c.hold != nil {
			c.hold.add(r, c.highest)
			continue
		}
		if isTimed(r) {
			c.place(r, playback.EventTime(r.Time))
		}
		in.Records[kept], in.Records[i] = in.Records[i], in.Records[kept]
		kept++
	}
	in.Records = in.Records[:kept]
	return nil
}

func isTimed(r *pipeline.Record) bool { return r.Failure == nil && !r.Time.IsZero() }

// duplicate reports whether a record is equal to the one before and to be left
// out.
func (c *course) duplicate(r *pipeline.Record) bool {
	if c.pace.Duplicates != config.Drop || r.Failure != nil {
		return false
	}
	l := &c.last
	same := c.seen && r.Origin.SamePartition(l.Origin) && r.Time.Equal(l.Time) && bytes.Equal(r.Key, l.Key) && (r.Key == nil) == (l.Key == nil)
	if same && r.Raw != nil {
		same = bytes.Equal(r.Raw, l.Raw)
	} else if same {
		same = r.Value.Equal(l.Value)
	}
	if same {
		c.stats.duplicates.Add(1)
		return true
	}
	c.seen = true
	if r.Raw == nil {
		*l = r.Clone()
	} else { // it is immutable
		l.Key, l.Raw, l.Origin, l.Time = append(l.Key[:0], r.Key...), r.Raw, r.Origin, r.Time
		if r.Key == nil {
			l.Key = nil
		}
	}
	return false
}

// move moves a record's event time to its round.
func (c *course) move(r *pipeline.Record) {
	if !isTimed(r) {
		return
	}
	t := playback.EventTime(r.Time)
	if !c.shifted {
		c.shifted = true
		if c.round > 1 && c.any {
			c.shift = c.highest - t
		}
	}
	t = saturated(t, c.shift)
	if c.shift != 0 {
		r.Time = time.Unix(0, t).UTC()
	}
	if !c.any || t > c.highest {
		c.highest, c.any = t, true
	}
}

// place rebases a record that is played at a time, and returns its place if
// that can't be told from its event time.
func (c *course) place(r *pipeline.Record, at int64) int64 {
	if c.pace.Rebase == "" {
		return at
	}
	return c.base.place(r, at, c.pace, c.clock)
}

// again opens the source for the next round. It returns io.EOF if there is
// none.
func (c *course) again(ctx context.Context) error {
	rounds := c.pace.Loop.Rounds()
	nothing := c.empty && c.round == 1 && !c.resumed
	if nothing {
		c.window.warn(c.log)
	}
	switch {
	case c.empty && c.round > 1:
		return fmt.Errorf("nothing came in round %d: can it be read again from its start?", c.round)
	case nothing || rounds != config.Forever && c.round >= rounds:
		return io.EOF
	}
	if err := c.input.reopen(ctx, nil); err != nil {
		return fmt.Errorf("opening it for round %d: %w", c.round+1, err)
	}
	c.stats.reopened(c.input.Source)
	c.stats.end.Store(nil) // as the source tells it, it is no longer right
	c.round++
	c.empty, c.shifted, c.begins, c.seen = true, false, true, false
	c.window.inside, c.window.passed = false, false
	c.base.line.Round(int64(c.pace.LoopDelay))
	return nil
}

// sought says that a seek goes on with another record.
func (c *course) sought() {
	c.seen = false
	c.window.passed, c.window.behind = false, 0
}

// base moves event times so that the first is the start of the replay.
type base struct {
	kind  string
	line  *playback.Line
	stats *paceStats
	begun bool
	by    int64          // with rebase: event
	state playback.State // with rebase: wall; its wall times are event times
}

func (m *base) place(r *pipeline.Record, at int64, pace *config.Pace, clock *playback.Clock) int64 {
	t := playback.EventTime(r.Time)
	if !m.begun {
		m.begin(t, at, pace, clock)
	}
	if m.kind == config.RebaseEvent {
		r.Time = time.Unix(0, saturated(t, m.by)).UTC()
		return saturated(at, m.by)
	}
	p := m.line.Place(at, &m.state)
	m.line.Pass(p)
	if p.Cut > 0 {
		m.stats.shortened.Add(1)
	}
	r.Time = time.Unix(0, m.state.Due(saturated(p.At, t-p.Event))).UTC()
	return p.At
}

func (m *base) begin(first, at int64, pace *config.Pace, clock *playback.Clock) {
	m.begun = true
	start := time.Now()
	if pace.StartAt.After(start) {
		start = pace.StartAt.Time
	}
	m.by = saturated(start.UnixNano(), -first)
	c := playback.NewClock(clock.State().Speed)
	c.Begin(at, start.UnixNano())
	m.state = c.State()
}

// saturated returns a+b, or the nearest instant if it is beyond.
func saturated(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

var errWindow = errors.New("pace: start does not lie before end")
