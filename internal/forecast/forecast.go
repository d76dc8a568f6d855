// Package forecast reads a source once, sends nothing, and tells what a replay
// of it will do.
//
// What is played, in which order and when, the engine says: the first row is the
// start, and a row whose time steps backwards is due with the latest before it.
// So the times at which rows are due never fall, and all that is told is counted
// in one pass, in memory that does not grow.
package forecast

import (
	"context"
	"io"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// Forecast is what there is to tell of a source. Times are of the rows' event
// times, or at which they are played, if the pace says otherwise; rows that are
// bad, or have no time, are in no count but theirs.
type Forecast struct {
	Rows     int64 // played in a round, the bad ones included
	Bad      Rows  // the source could not read them
	Untimed  Rows  // they have no event time
	Complete bool  // everything was read

	First, Last time.Time     // of the first row, and the latest; zero: no row has a time
	Round       time.Duration // how long one takes, from its first row to its last
	Duration    time.Duration // of all rounds; with loop: forever, of one
	Unpaced     bool          // as fast as possible: there is no duration
	Omitted     engine.Omitted

	Pauses     Pauses
	Equal      int64 // rows at the time of the one before
	Backwards  Rows  // rows before the latest time so far
	Strays     []Stray
	Columns    []Column
	Busiest    Second    // of event time
	BusiestDue Second    // of the replay
	Histogram  Histogram // of rows over event time, when they are due
}

// Span is the event time from the first row to the latest.
func (f *Forecast) Span() time.Duration { return f.Last.Sub(f.First) }

// Rows are rows that have something in common, and the first few of them.
type Rows struct {
	Count int64
	First []Row
}

// Row is a row and what is the matter with it.
type Row struct {
	Origin pipeline.Origin
	Time   time.Time
	Back   time.Duration // how far its time is before the latest so far
	Err    error
}

const shownRows = 5

func (r *Rows) add(row func() Row) {
	if r.Count++; len(r.First) < shownRows {
		r.First = append(r.First, row())
	}
}

// Pauses are the times from one row to the next with a later time.
type Pauses struct {
	Count             int64
	Smallest, Largest Pause
	Median            time.Duration // to three digits
}

// Pause is the time before a row.
type Pause struct {
	Length time.Duration
	Before pipeline.Origin
}

// Second is a whole second and the rows in it.
type Second struct {
	Time time.Time // the event time of its first row
	Rows int64
}

// Read reads a source to its end, until ctx is done, or until it has seen
// limit rows, if that is above 0.
func Read(ctx context.Context, source pipeline.Source, pace *config.Pace, limit int64) (*Forecast, error) {
	unpaced := pace == nil
	if unpaced {
		pace = &config.Pace{Speed: 1}
	}
	rehearsal, err := engine.NewRehearsal(source, *pace)
	if err != nil {
		return nil, err
	}
	pages := make(chan *page, ahead)
	free := make(chan *page, ahead)
	for range ahead {
		free <- new(page)
	}
	go func() {
		defer close(pages)
		err = read(ctx, rehearsal, limit, free, pages)
	}()
	c := newCounter(pace, unpaced)
	for p := range pages {
		c.count(p.Records, p.at)
		free <- p
	}
	f := c.finish()
	f.Omitted = rehearsal.Omitted()
	switch {
	case err == io.EOF:
		f.Complete = true
	case err != nil && ctx.Err() == nil:
		return nil, err
	}
	return f, nil
}

// page is a batch, and at which times its records are played: at their own, if
// there are none.
type page struct {
	pipeline.Batch
	at []int64
}

// ahead is how many pages are read while others are counted.
const ahead = 4

// read returns io.EOF at the end, and nil at the limit.
func read(ctx context.Context, rehearsal *engine.Rehearsal, limit int64, free <-chan *page, pages chan<- *page) error {
	for left := limit; ; {
		p := <-free
		p.Reset()
		var err error
		if p.at, err = rehearsal.Read(ctx, &p.Batch, p.at); err != nil {
			return err
		}
		if limit > 0 {
			p.Records = p.Records[:min(left, int64(len(p.Records)))]
			left -= int64(len(p.Records))
		}
		pages <- p
		if limit > 0 && left == 0 {
			return nil
		}
	}
}
