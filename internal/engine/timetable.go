package engine

import (
	"math"
	"math/big"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// Timetable is when records are due in a replay that is never late.
type Timetable struct {
	pace  *config.Pace
	clock *playback.Clock
	line  *playback.Line
	state playback.State

	first, last int64 // places
}

// NewTimetable returns the timetable of a pace, of which no record is known.
func NewTimetable(pace *config.Pace) *Timetable {
	t := &Timetable{pace: pace, clock: playback.NewClock(pace.Speed), line: newLine(pace)}
	t.state = t.clock.State()
	return t
}

// Add returns when the next record is due, by its event time, in nanoseconds
// from the first record.
func (t *Timetable) Add(event int64) int64 {
	p := t.line.Place(event, &t.state)
	if !t.state.Begun() {
		t.clock.Begin(p.At, 0)
		t.state = t.clock.State()
		t.first = p.At
	}
	t.line.Pass(p)
	t.last = p.At
	return t.state.Due(p.At)
}

// Duration returns how long a number of rounds lasts, if each is as the records
// that were added, from the first record to the last.
func (t *Timetable) Duration(rounds config.Loop) time.Duration {
	if !t.state.Begun() {
		return 0
	}
	line := *t.line
	line.Round(int64(t.pace.LoopDelay))
	between := line.Place(t.first, &t.state).Gap
	round := new(big.Int).SetUint64(uint64(t.last) - uint64(t.first))
	n := big.NewInt(int64(rounds))
	at := new(big.Int).Mul(round, n)
	at.Add(at, new(big.Int).Mul(big.NewInt(between), n.Sub(n, big.NewInt(1))))
	at.Add(at, big.NewInt(t.first))
	last := int64(math.MaxInt64)
	if at.IsInt64() {
		last = at.Int64()
	}
	return time.Duration(t.state.Due(last))
}
