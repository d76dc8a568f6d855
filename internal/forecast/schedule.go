package forecast

import (
	"math"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

// schedule is when rows are due: the sum of the pauses before them, at the
// speed of the replay.
type schedule struct {
	speed float64
	event uint64 // the pauses so far, in nanoseconds of event time
}

func newSchedule(pace *config.Pace) schedule {
	if pace == nil {
		return schedule{speed: 1}
	}
	return schedule{speed: pace.Speed}
}

func (s *schedule) pause(gap int64) { s.event += uint64(gap) }

// due returns when the latest row is due, in nanoseconds from the first.
func (s *schedule) due() int64 {
	if s.speed == 1 {
		return int64(min(s.event, math.MaxInt64))
	}
	scaled := float64(s.event) / s.speed
	if scaled >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(scaled)
}
