package cast

import (
	"errors"
	"math"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

var (
	errNotTime   = errors.New("is not a time of the years 1678 to 2261 such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00 or 2021-01-01")
	errTimeRange = errors.New("lies, as seconds since 1970, outside the years 1678 to 2261")
)

// timeFormats are the texts that are times. A fraction may follow the seconds.
var timeFormats = []string{
	timestamp.RFC3339,
	"%Y-%m-%dT%H:%M:%S",
	"%Y-%m-%d %H:%M:%S",
	"%Y-%m-%d %H:%M:%S%z",
	"%Y-%m-%d",
}

// timeReader remembers which format was right last, as the others cost an
// error each.
type timeReader struct {
	parsers []*timestamp.Parser
	last    int
}

func newTimeReader() *timeReader {
	t := &timeReader{}
	for _, format := range timeFormats {
		p, err := timestamp.New(format, time.UTC)
		if err != nil {
			panic(err)
		}
		t.parsers = append(t.parsers, p)
	}
	return t
}

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
	if ns, err := t.parsers[t.last].Parse(s); err == nil {
		return pipeline.Time(time.Unix(0, ns)), nil
	}
	for i, p := range t.parsers {
		if ns, err := p.Parse(s); err == nil {
			t.last = i
			return pipeline.Time(time.Unix(0, ns)), nil
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
