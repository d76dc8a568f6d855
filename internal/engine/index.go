package engine

import (
	"math"
	"sort"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// index knows where in the source event times lie, as far as it has been read
// at any time: from a mark on, a seek need not read what lies before it.
type index struct {
	high     int64             // the latest event time up to where the source is read now
	position pipeline.Position // which is behind this record
	marks    []mark            // in the order of the source
	since    int               // records after the last mark, or after going back
	every    int               // how many lie between two
}

// mark is a place in the source before which no event time is later than high.
type mark struct {
	high     int64
	position pipeline.Position
}

// never is the event time of no record.
const never = math.MinInt64

const (
	markEvery = 8 << 10 // records: a few milliseconds to read
	mostMarks = 4096    // beyond it every other one is dropped
)

// newIndex returns the index of a source that begins after a position, with so
// many records from one mark to the next.
func newIndex(after pipeline.Position, every int) index {
	start := mark{never, after.Clone()}
	return index{high: never, position: after.Clone(), marks: []mark{start}, every: every}
}

// note adds records that have been read.
func (x *index) note(records []pipeline.Record) {
	for i := range records {
		r := &records[i]
		if i+1 == len(records) || !records[i+1].Origin.SamePartition(r.Origin) {
			x.position = x.position.Advance(r.Origin)
		}
		if r.Time.IsZero() {
			continue
		}
		x.high = max(x.high, playback.EventTime(r.Time))
	}
	if x.since += len(records); x.since >= x.every && x.high > x.marks[len(x.marks)-1].high {
		x.mark()
	}
}

func (x *index) mark() {
	x.since = 0
	x.marks = append(x.marks, mark{x.high, x.position.Clone()})
	if len(x.marks) > mostMarks {
		kept := x.marks[:0]
		for i := 0; i < len(x.marks); i += 2 {
			kept = append(kept, x.marks[i])
		}
		clear(x.marks[len(kept):])
		x.marks, x.every = kept, 2*x.every
	}
}

// before returns the last mark before which there is no record at or after an
// event time.
func (x *index) before(event int64) mark {
	n := sort.Search(len(x.marks), func(i int) bool { return x.marks[i].high >= event })
	return x.marks[max(n, 1)-1]
}

// goTo says that the source is read from a mark on.
func (x *index) goTo(m mark) { x.high, x.position, x.since = m.high, m.position.Clone(), 0 }

// rewind says that the source is read from its start. It reports whether it
// was not so before.
func (x *index) rewind() (anew bool) {
	if len(x.marks[0].position) > 0 {
		*x = newIndex(nil, x.every)
		return true
	}
	x.goTo(x.marks[0])
	return false
}
