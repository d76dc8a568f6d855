package cast

import (
	"errors"
	"math"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

var (
	errNotTime   = errors.New("is not a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00 or 2021-01-01")
	errTimeRange = errors.New("lies outside the years 1678 to 2261; a number is seconds since 1970")
)

// layouts are the texts that are times. time.Parse takes a fraction after the
// seconds of each.
var layouts = [...]string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04:05Z07:00",
	time.DateOnly,
}

// timeReader remembers which layout was right last, as the others cost an
// error each.
type timeReader struct{ last int }

func (t *timeReader) toTime(v pipeline.Value) (pipeline.Value, error) {
	switch v.Kind() {
	case pipeline.KindTime:
		return v, nil
	case pipeline.KindInt:
		return ranged(time.Unix(v.Int(), 0))
	case pipeline.KindFloat:
		return secondsToTime(v.Float())
	case pipeline.KindString:
		return t.parse(v.Str())
	}
	return v, errType(v)
}

func (t *timeReader) parse(s string) (pipeline.Value, error) {
	if at, err := time.Parse(layouts[t.last], s); err == nil {
		return ranged(at)
	}
	for i, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil {
			t.last = i
			return ranged(at)
		}
	}
	return pipeline.Null(), errNotTime
}

// secondsToTime rounds to the microsecond: a float of today's seconds holds no
// more.
func secondsToTime(f float64) (pipeline.Value, error) {
	if !(math.Abs(f) < maxSeconds) {
		return pipeline.Null(), errTimeRange
	}
	return ranged(time.UnixMicro(int64(math.Round(f * 1e6))))
}

// maxSeconds are more than there are from 1970 to either end of the range.
const maxSeconds = 1e10

// ranged checks that a Value can hold the time.
func ranged(at time.Time) (pipeline.Value, error) {
	if s := at.Unix(); s < -maxSeconds || s > maxSeconds || at.UTC().Year() < 1678 || at.UTC().Year() > 2261 {
		return pipeline.Null(), errTimeRange
	}
	return pipeline.Time(at), nil
}
