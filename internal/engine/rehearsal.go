package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// Rehearsal reads a source as a replay does, once: it gives the records that the
// pace plays, in the order in which they are played.
type Rehearsal struct {
	reader *reader
	course *course // nil: the pace leaves records as they are read
}

// Omitted is what a pace does not play of a source, and has done to the rest.
type Omitted struct {
	Outside     int64     // of start and end
	First, Last time.Time // of all event times, if there is a start or an end
	Unread      bool      // so many lay at or after end that the rest was not read
	Duplicates  int64
	Disorder    Disorder
}

// NewRehearsal prepares the rehearsal of one round of a pace.
func NewRehearsal(source pipeline.Source, pace config.Pace) (*Rehearsal, error) {
	pace.Loop, pace.Rebase = 1, "" // they change no distances
	p := New(&config.Plan{Pace: &pace}, Options{Log: slog.New(slog.DiscardHandler)})
	p.input.Source = source
	r := &Rehearsal{reader: &reader{Pipeline: p, index: newIndex(nil, p.markEvery), first: never}}
	var err error
	if r.course, err = newCourse(p); r.course != nil {
		r.course.reader = r.reader
	}
	return r, err
}

// Read fills a batch, and returns the event times at which its records are
// played in the memory of at; none: at their own. At the end it returns io.EOF.
func (r *Rehearsal) Read(ctx context.Context, b *pipeline.Batch, at []int64) ([]int64, error) {
	if r.course == nil {
		return nil, r.reader.input.Read(ctx, b)
	}
	played := &batch{Batch: *b, at: at[:0]}
	err := r.course.read(ctx, played)
	*b = played.Batch
	return played.at, err
}

// Omitted returns what has not been played so far.
func (r *Rehearsal) Omitted() Omitted {
	if r.course == nil {
		return Omitted{}
	}
	w, s := &r.course.window, &r.reader.stats.paceStats
	return Omitted{Outside: w.outside, First: w.first, Last: w.last, Unread: w.passed, Duplicates: s.duplicates.Load(),
		Disorder: Disorder{s.delayed.Load(), s.doubled.Load(), s.lost.Load(), s.swapped.Load()}}
}
