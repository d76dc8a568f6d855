package engine

import (
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// State is what a pipeline is doing.
type State string

// The states of a pipeline.
const (
	Opening   State = "opening"
	Running   State = "running"
	Completed State = "completed" // the source has ended and everything is stored
	Stopped   State = "stopped"   // on request, and what had been released is stored, or because the sink's reader has gone
	Failed    State = "failed"
)

// Status is a pipeline's state and its counters at one moment.
type Status struct {
	Name  string
	State State
	Err   error // of a failed pipeline

	ReaderGone bool // the sink's reader has: it may not have read the last of what was written

	// Read counts the records that have been released and settled, and Added
	// those that handlers have made beyond one for each. Together they are the
	// sum of the five after them.
	Read, Added, Written, Filtered, Failed, Skipped, DeadLettered int64
	Undelivered                                                   int64 // of the failed: released, but not known to be stored
	Bytes                                                         int64 // written: of keys and values, or of what the sink made of them

	Elapsed   time.Duration // since the pipeline was opened; while it opens, 0
	EventTime time.Time     // of the last record; zero if it has none
	End       time.Time     // the event time at which the source ends; zero if it is not known
	Origin    pipeline.Origin
	Resumed   string         // the position of an earlier run after which this one goes on; empty: it begins anew
	Lost      int64          // gone before they could be read, at most
	Lag       []pipeline.Lag // what waits in the source, by partition; nil if it doesn't know
	Share     float64        // of all there is to read, 0 to 1; -1 if it is not known
	Pace      *PaceStatus
}

// counts are what one flight adds to the counters.
type counts struct {
	read, added, written, filtered, failed, skipped, deadLettered, undelivered, bytes int64
	eventTime                                                                         time.Time
}

// countIn counts a flight's i-th record, which is read or a further one.
func (c *counts) countIn(further []bool, i int) {
	if further != nil && further[i] {
		c.added++
	} else {
		c.read++
	}
}

// stats are a pipeline's counters. The stages add to them once for every
// flight, and anyone may read them at any time; no lock is taken.
type stats struct {
	name string
	paceStats
	sampler

	outcome                                                                           atomic.Pointer[outcome]
	source                                                                            atomic.Pointer[pipeline.Progresser]
	lagger                                                                            atomic.Pointer[pipeline.Lagger]
	loser                                                                             atomic.Pointer[pipeline.Loser]
	began, end                                                                        atomic.Pointer[time.Time]
	read, added, written, filtered, failed, skipped, deadLettered, undelivered, bytes atomic.Int64
	eventTime                                                                         atomic.Int64

	timed     atomic.Bool                     // eventTime has been set
	resumed   atomic.Pointer[string]          // see Status
	partition atomic.Pointer[pipeline.Origin] // of the last record: its partition, made anew when that changes
	offset    atomic.Int64
	line      atomic.Int64
}

type outcome struct {
	state      State
	err        error
	elapsed    time.Duration
	readerGone bool
}

func (s *stats) start() { s.outcome.Store(&outcome{state: Opening}) }

func (s *stats) opened(source pipeline.Source) {
	s.reopened(source)
	now := time.Now()
	s.began.Store(&now)
	s.outcome.Store(&outcome{state: Running})
}

// reopened asks a source what it knows of itself.
func (s *stats) reopened(source pipeline.Source) {
	if p, ok := source.(pipeline.Progresser); ok {
		s.source.Store(&p)
	}
	if l, ok := source.(pipeline.Lagger); ok {
		s.lagger.Store(&l)
	}
	if l, ok := source.(pipeline.Loser); ok {
		s.loser.Store(&l)
	}
	if e, ok := source.(pipeline.Ender); ok {
		if end, ok := e.End(); ok {
			s.end.Store(&end)
		}
	}
}

func (s *stats) finish(err error, completed, readerGone bool) {
	o := &outcome{state: Stopped, err: err, elapsed: s.elapsed(), readerGone: readerGone}
	switch {
	case err != nil:
		o.state = Failed
	case completed && !readerGone:
		o.state = Completed
	}
	s.outcome.Store(o)
}

func (s *stats) elapsed() time.Duration {
	if began := s.began.Load(); began != nil {
		return time.Since(*began)
	}
	return 0
}

func (s *stats) add(c *counts, position pipeline.Position) {
	s.read.Add(c.read)
	s.added.Add(c.added)
	s.written.Add(c.written)
	s.filtered.Add(c.filtered)
	s.failed.Add(c.failed)
	s.skipped.Add(c.skipped)
	s.deadLettered.Add(c.deadLettered)
	s.undelivered.Add(c.undelivered)
	s.bytes.Add(c.bytes)
	if !c.eventTime.IsZero() {
		s.eventTime.Store(c.eventTime.UnixNano())
		s.timed.Store(true)
	}
	if len(position) == 0 {
		return
	}
	last := position[len(position)-1]
	if at := s.partition.Load(); at == nil || !at.SamePartition(last) {
		s.partition.Store(new(last))
	}
	s.offset.Store(last.Offset)
	s.line.Store(last.Line)
}

// Status returns the pipeline's state and counters. It may be called at any
// time, from any goroutine.
func (p *Pipeline) Status() Status {
	s := &p.stats
	st := Status{Name: s.name, State: Opening, Share: -1, Elapsed: s.elapsed(),
		Read: s.read.Load(), Added: s.added.Load(), Written: s.written.Load(), Filtered: s.filtered.Load(), Failed: s.failed.Load(),
		Skipped: s.skipped.Load(), DeadLettered: s.deadLettered.Load(), Undelivered: s.undelivered.Load(), Bytes: s.bytes.Load()}
	if o := s.outcome.Load(); o != nil {
		st.State, st.Err, st.ReaderGone = o.state, o.err, o.readerGone
		if o.elapsed > 0 {
			st.Elapsed = o.elapsed
		}
	}
	if s.timed.Load() {
		st.EventTime = time.Unix(0, s.eventTime.Load()).UTC()
	}
	if end := s.end.Load(); end != nil {
		st.End = *end
	}
	if at := s.resumed.Load(); at != nil {
		st.Resumed = *at
	}
	if lagger := s.lagger.Load(); lagger != nil {
		st.Lag = (*lagger).Lag()
	}
	if loser := s.loser.Load(); loser != nil {
		st.Lost = (*loser).Lost()
	}
	if at := s.partition.Load(); at != nil {
		st.Origin = *at
		st.Origin.Offset, st.Origin.Line = s.offset.Load(), s.line.Load()
		if source := s.source.Load(); source != nil {
			if share, ok := (*source).Progress(st.Origin); ok {
				st.Share = share
			}
		}
	}
	st.Pace = s.status()
	return st
}
