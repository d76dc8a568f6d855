package engine

import (
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// base moves event times so that the first is the start of the replay.
type base struct {
	pace  *config.Pace
	clock *playback.Clock
	line  *playback.Line
	sent  *atomic.Int64 // the latest moved event time that has left
	begun bool
	by    int64          // with rebase: event
	state playback.State // with rebase: wall; its wall times are event times

	moved bool // a seek has gone to target
	to    int64
}

// place moves the event time of a record that is played at a time, in a round
// that is shifted.
func (m *base) place(r *pipeline.Record, at, shift int64) {
	t := playback.EventTime(r.Time)
	if !m.begun {
		m.begin(t, at)
	}
	if m.pace.Rebase == config.RebaseEvent {
		r.Time = time.Unix(0, saturated(saturated(t, shift), m.by)).UTC()
		return
	}
	if m.moved {
		m.settle(max(m.to, min(at, t)))
	}
	p := m.line.Place(at, &m.state)
	m.line.Pass(p)
	r.Time = time.Unix(0, m.state.Due(saturated(p.At, t-p.Event))).UTC()
}

func (m *base) begin(first, at int64) {
	start := time.Now()
	if m.pace.StartAt.After(start) {
		start = m.pace.StartAt.Time
	}
	m.begun, m.moved = true, false
	m.by = saturated(start.UnixNano(), -first)
	m.anchor(at, start.UnixNano())
}

// sought says that a seek goes to an event time.
func (m *base) sought(target int64) { m.moved, m.to = m.begun, target }

// settle ends a seek at an event time: what is played there has the time of
// now, but none before that of any record that has left.
func (m *base) settle(at int64) {
	if m.begun {
		m.moved = false
		m.line.Jump(at)
		m.anchor(at, max(time.Now().UnixNano(), m.sent.Load()))
	}
}

func (m *base) anchor(at, moved int64) {
	c := playback.NewClock(m.clock.State().Speed)
	c.Begin(at, moved)
	m.state = c.State()
}
