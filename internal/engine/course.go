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
	reader *reader
	pace   *config.Pace

	window window
	last   pipeline.Record // what a duplicate is equal to
	seen   bool

	resumed bool    // an earlier run has played a part
	moves   bool    // records are not played at the event time that they get
	rounds  []round // that which is read, and before it those that are still played
	empty   bool    // nothing has come in this round
	begins  bool    // the next batch begins a round
	highest int64   // recorded event time so far in this round
	top     int64   // the same, in any round

	base base
	hold *hold // nil: records keep their order
}

// newCourse returns nil if the pace leaves records as they are read.
func newCourse(p *Pipeline) (*course, error) {
	pace := p.plan.Pace
	if pace == nil {
		return nil, nil
	}
	c := &course{Pipeline: p, pace: pace, rounds: []round{{number: 1, before: never}}, empty: true, highest: never, top: never,
		resumed: len(p.position) > 0, window: window{start: pace.Start, end: pace.End}}
	if pace.Reorder > 0 || pace.Disorder != nil {
		c.hold = newHold(pace, &p.stats.paceStats)
	}
	loops := pace.Loop.Rounds() != 1
	c.moves = loops || c.hold != nil || pace.Rebase != ""
	if !c.moves && pace.Start.IsZero() && pace.End.IsZero() && pace.Duplicates != config.Drop {
		return nil, nil
	}
	if p.committer != nil && loops {
		return nil, fmt.Errorf("pace: loop: source %s keeps its positions itself, so it can't be read again from its start", p.plan.Source.Name)
	}
	c.base = base{line: newLine(pace), pace: pace, clock: p.clock, sent: &p.stats.rebased}
	return c, nil
}

// read fills a batch, as a source does. After a seek it may be an empty one.
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
			err = c.reader.fill(ctx, in)
		}
		if err == nil {
			err = c.take(b, in)
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

// mark notes the round of a batch, and whether it begins one.
func (c *course) mark(b *batch) {
	b.round, b.begins, c.begins = int64(c.round().number), c.begins, false
}

// take leaves out what is not to be played, and moves or holds back the rest.
func (c *course) take(b *batch, in *pipeline.Batch) error {
	kept := 0
	for i := range in.Records {
		r := &in.Records[i]
		if err := c.window.look(r.Time, isTimed(r)); err != nil {
			return err
		}
		if !c.window.inside {
			c.window.outside++
			continue
		}
		if c.duplicate(r) {
			continue
		}
		c.empty = false
		before := c.highest
		c.see(r)
		switch {
		case c.reader.skips(r):
			continue
		case c.hold != nil:
			c.hold.add(r, before, c.highest)
			continue
		case c.moves:
			at := playback.EventTime(r.Time)
			b.at = append(b.at, at)
			c.place(r, at)
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

// place moves the event time of a record that is played at a time.
func (c *course) place(r *pipeline.Record, at int64) {
	if !isTimed(r) {
		return
	}
	switch shift := c.round().shift; {
	case c.pace.Rebase != "":
		c.base.place(r, at, shift)
	case shift != 0:
		r.Time = time.Unix(0, saturated(playback.EventTime(r.Time), shift)).UTC()
	}
}

// goTo prepares for a seek to an event time of the round that is played, from a
// mark or, if the source need not be read again, onward from where it is. It
// reports whether that will do.
func (c *course) goTo(target int64, m mark, onward bool) bool {
	c.seen, c.begins = false, false
	c.window.passed, c.window.behind = false, 0
	if c.goBack() {
		onward = false
	}
	if !onward {
		c.highest = min(c.top, m.high)
	}
	if c.hold != nil {
		c.hold.begin(c.round().number, c.highest, target)
	}
	c.base.sought(target)
	return onward
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
