package forecast

import (
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// schedule is when rows are due, on the line and by the clock that a replay
// goes by.
type schedule struct {
	clock *playback.Clock
	line  *playback.Line
	state playback.State
	due   int64 // of the latest row, in nanoseconds from the first
}

func newSchedule(pace *config.Pace) schedule {
	s := schedule{line: playback.NewLine()}
	speed := 1.0
	if pace != nil {
		speed = pace.Speed
		s.line.MaxGap, s.line.SkipOver = int64(pace.MaxGap), int64(pace.SkipGapsOver)
		s.line.Rate = playback.Rate{Records: pace.Rate.Records, Nanoseconds: uint64(pace.Rate.Per)}
	}
	s.clock = playback.NewClock(speed)
	s.state = s.clock.State()
	return s
}

// row places the next row, by its event time.
func (s *schedule) row(event int64) {
	p := s.line.Place(event, &s.state)
	if !s.state.Begun() {
		s.clock.Begin(p.At, 0)
		s.state = s.clock.State()
	}
	s.line.Pass(p)
	s.due = s.state.Due(p.At)
}
