package avro

import (
	"math"
	"time"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// timeTypes are the logical types of times, by name.
var timeTypes = map[string]func(name string) node{
	"date":                   instant(nsPerDay),
	"time-millis":            dayTime(1e6, "15:04:05.000"),
	"time-micros":            dayTime(1e3, "15:04:05.000000"),
	"timestamp-millis":       instant(1e6),
	"timestamp-micros":       instant(1e3),
	"timestamp-nanos":        instant(1),
	"local-timestamp-millis": instant(1e6),
	"local-timestamp-micros": instant(1e3),
	"local-timestamp-nanos":  instant(1),
}

func instant(unit int64) func(string) node {
	return func(name string) node { return &instantType{name, unit, newTextTimes()} }
}

func dayTime(unit time.Duration, layout string) func(string) node {
	return func(name string) node { return &dayTimeType{name, unit, layout} }
}

const nsPerDay = int64(24 * time.Hour)

// instantType is a count of units since 1970-01-01T00:00:00Z: a timestamp or a
// date. An instant between two is that before, as a clock shows it.
type instantType struct {
	name string
	unit int64 // in nanoseconds
	text textTimes
}

func (t *instantType) String() string { return t.name }

func (t *instantType) encode(w *hamba.Writer, v pipeline.Value) error {
	var ns int64
	switch v.Kind() {
	case pipeline.KindTime:
		ns = v.Time().UnixNano()
	case pipeline.KindString:
		var ok bool
		if ns, ok = t.text.parse(v.Str()); !ok {
			return misfitAs(t, v, "is not written like 2021-01-01T00:00:00Z, 2021-01-01 00:00:00 or 2021-01-01; cast it to a time before")
		}
	case pipeline.KindInt: // Avro's own representation
		if t.unit == nsPerDay {
			return intType{}.encode(w, v)
		}
		w.WriteLong(v.Int())
		return nil
	default:
		return misfit(t, v)
	}
	count := ns / t.unit
	if ns%t.unit < 0 {
		count--
	}
	w.WriteLong(count)
	return nil
}

func (t *instantType) decode(d *decoder) (pipeline.Value, error) {
	count, err := d.long()
	if most := math.MaxInt64 / t.unit; err == nil && (count < -most || count > most) {
		err = d.wrong("%v %d lies outside the years 1678 to 2261", t, count)
	}
	if err != nil {
		return pipeline.Null(), err
	}
	return pipeline.Time(time.Unix(0, count*t.unit)), nil
}

// textFormats are the texts that are times. A fraction may follow the seconds.
var textFormats = []string{
	timestamp.RFC3339,
	"%Y-%m-%dT%H:%M:%S",
	"%Y-%m-%d %H:%M:%S",
	"%Y-%m-%d %H:%M:%S%z",
	"%Y-%m-%d",
}

// textTimes reads times that are texts. It remembers which format was right
// last, as the others cost an error each.
type textTimes struct {
	parsers []*timestamp.Parser
	last    int
}

func newTextTimes() textTimes {
	var t textTimes
	for _, format := range textFormats {
		p, err := timestamp.New(format, time.UTC)
		if err != nil {
			panic(err)
		}
		t.parsers = append(t.parsers, p)
	}
	return t
}

func (t *textTimes) parse(s string) (ns int64, ok bool) {
	if ns, err := t.parsers[t.last].Parse(s); err == nil {
		return ns, true
	}
	for i, p := range t.parsers {
		if ns, err := p.Parse(s); err == nil {
			t.last = i
			return ns, true
		}
	}
	return 0, false
}

// dayTimeType is a time of day, a count of units since midnight. As a Value it
// is a string.
type dayTimeType struct {
	name   string
	unit   time.Duration
	layout string
}

// midnight of the day that time.Parse takes for granted.
var midnight = time.Date(0, time.January, 1, 0, 0, 0, 0, time.UTC)

func (t *dayTimeType) String() string { return t.name }

func (t *dayTimeType) encode(w *hamba.Writer, v pipeline.Value) error {
	count := int64(-1)
	switch v.Kind() {
	case pipeline.KindString:
		if at, err := time.Parse(time.TimeOnly, v.Str()); err == nil {
			count = int64(at.Sub(midnight) / t.unit)
		}
	case pipeline.KindInt:
		count = v.Int()
	default:
		return misfit(t, v)
	}
	if !t.fits(count) {
		return misfitAs(t, v, "is no time of day such as 08:30:00")
	}
	w.WriteLong(count)
	return nil
}

func (t *dayTimeType) fits(count int64) bool {
	return count >= 0 && count < nsPerDay/int64(t.unit)
}

func (t *dayTimeType) decode(d *decoder) (pipeline.Value, error) {
	count, err := d.long()
	if err == nil && !t.fits(count) {
		err = d.wrong("%v %d is no time of day", t, count)
	}
	if err != nil {
		return pipeline.Null(), err
	}
	var room [32]byte
	text := time.Unix(0, 0).UTC().Add(time.Duration(count)*t.unit).AppendFormat(room[:0], t.layout)
	return pipeline.String(d.slabs.Text(text)), nil
}
