package forecast

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// counter counts rows, one after the other.
type counter struct {
	f         Forecast
	pace      *config.Pace
	timetable *engine.Timetable
	due       int64 // when the latest row is, in nanoseconds from the first
	begun     bool
	highest   int64 // the latest event time so far, in Unix nanoseconds
	pauses    *hdrhistogram.Histogram
	strays    strays
	columns   columns
	busy      busy // by event time
	busyDue   busy // by due time
}

// longestPause is the longest that the histogram tells from longer ones, of
// 146 years.
const longestPause = 1 << 62

func newCounter(pace *config.Pace, unpaced bool) *counter {
	return &counter{pace: pace, timetable: engine.NewTimetable(pace), f: Forecast{Unpaced: unpaced}, pauses: hdrhistogram.New(1, longestPause, 3)}
}

// count counts records that are played at some times, or at their own.
func (c *counter) count(records []pipeline.Record, at []int64) {
	c.f.Rows += int64(len(records))
	for i := range records {
		r := &records[i]
		switch {
		case r.Failure != nil:
			c.f.Bad.add(func() Row { return Row{Origin: r.Origin, Err: r.Failure.Err} })
			continue
		case r.Time.IsZero():
			c.f.Untimed.add(func() Row { return Row{Origin: r.Origin} })
			if c.pace.Rate.Records > 0 {
				c.due = c.timetable.Add(playback.EventTime(r.Time))
			}
		case len(at) > 0:
			c.time(r, at[i])
		default:
			c.time(r, playback.EventTime(r.Time))
		}
		c.columns.add(r.Value)
	}
}

// time counts a row by when it is played.
func (c *counter) time(r *pipeline.Record, t int64) {
	c.due = c.timetable.Add(t)
	switch {
	case !c.begun:
		c.begun, c.highest, c.f.First = true, t, time.Unix(0, t).UTC()
		c.f.Histogram.start(t)
	case t > c.highest:
		c.pause(t, r.Origin)
	case t == c.highest:
		c.f.Equal++
		c.strays.held()
	default:
		c.f.Backwards.add(func() Row { return Row{Origin: r.Origin, Time: r.Time, Back: time.Duration(saturated(t, c.highest))} })
		c.strays.back(t)
	}
	c.busy.add(second(c.highest), c.highest)
	c.busyDue.add(second(c.due), c.highest)
	c.f.Histogram.add(c.highest)
}

// pause counts a row that is later than all before it.
func (c *counter) pause(t int64, o pipeline.Origin) {
	gap := saturated(c.highest, t)
	p := &c.f.Pauses
	p.Count++
	if p.Count == 1 || gap < int64(p.Smallest.Length) {
		p.Smallest = Pause{time.Duration(gap), o}
	}
	if gap > int64(p.Largest.Length) {
		p.Largest = Pause{time.Duration(gap), o}
	}
	_ = c.pauses.RecordValue(min(gap, longestPause)) // in range, so it can't fail
	c.strays.forward(gap, t, o)
	c.highest = t
}

func (c *counter) finish() *Forecast {
	f := &c.f
	f.Columns = c.columns
	f.Round = c.timetable.Duration(1)
	f.Duration = c.timetable.Duration(max(c.pace.Loop.Rounds(), 1))
	if !c.begun {
		return f
	}
	f.Last = time.Unix(0, c.highest).UTC()
	f.Busiest, f.BusiestDue = c.busy.most(), c.busyDue.most()
	f.Pauses.Median = threeDigits(c.pauses.ValueAtQuantile(50))
	f.Strays = c.strays.far(f.Pauses)
	return f
}

// busy finds the second that has the most rows. Seconds never fall.
type busy struct {
	now, best busySecond
}

type busySecond struct{ second, first, rows int64 }

func (b *busy) add(second, at int64) {
	if second != b.now.second || b.now.rows == 0 {
		b.end()
		b.now = busySecond{second: second, first: at}
	}
	b.now.rows++
}

func (b *busy) end() {
	if b.now.rows > b.best.rows {
		b.best = b.now
	}
}

func (b *busy) most() Second {
	b.end()
	return Second{time.Unix(0, b.best.first).UTC(), b.best.rows}
}

// second returns the whole second that a time in nanoseconds is in.
func second(ns int64) int64 {
	s := ns / 1e9
	if ns%1e9 < 0 {
		s--
	}
	return s
}

// saturated returns b − a, for b not before a, or the longest there is.
func saturated(a, b int64) int64 { return int64(min(uint64(b)-uint64(a), math.MaxInt64)) }

// threeDigits rounds what a histogram of three digits tells.
func threeDigits(ns int64) time.Duration {
	unit := int64(1)
	for ns/unit >= 1000 {
		unit *= 10
	}
	return time.Duration((ns + unit/2) / unit * unit)
}
