package generate

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// series makes the values of one field, one for every record.
type series interface{ next(m moment) pipeline.Value }

// field is a named series.
type field struct {
	name string
	series
}

type constant struct{ value pipeline.Value }

func (c constant) next(moment) pipeline.Value { return c.value }

type counter struct{ start, step int64 }

func (c counter) next(m moment) pipeline.Value { return pipeline.Int(c.start + m.n*c.step) }

// eventTime is the record's time as it is.
type eventTime struct{}

func (eventTime) next(m moment) pipeline.Value { return pipeline.Time(time.Unix(0, m.at)) }

// unixTime counts units since 1970.
type unixTime struct {
	unit
	tick int64 // of the unit, in nanoseconds
}

func (u unixTime) next(m moment) pipeline.Value { return u.value(m.at / u.tick) }

// timeText writes times. The texts are cut from slabs, which are never written
// twice.
type timeText struct {
	writer *timestamp.Writer
	slab   []byte
}

const (
	slabSize = 4 << 10
	timeSize = 64 // more than most texts need; a slab that is too small grows
)

func (t *timeText) next(m moment) pipeline.Value {
	if cap(t.slab)-len(t.slab) < timeSize {
		t.slab = make([]byte, 0, slabSize)
	}
	at := len(t.slab)
	t.slab = t.writer.Append(t.slab, m.at)
	return pipeline.String(values.Shared(t.slab[at:]))
}

type choice struct {
	labels []pipeline.Value
	limits []int64 // up to which a number below choices means the label
	random *rand.Rand
	picked int
}

const choices = 1 << 53

func (c *choice) next(moment) pipeline.Value {
	n := int64(c.random.Uint64() >> (64 - 53))
	c.picked = 0
	for n >= c.limits[c.picked] {
		c.picked++
	}
	return c.labels[c.picked]
}

// by goes by another field's label.
type by struct {
	choice *choice
	cases  []series // one for every label
}

func (b by) next(m moment) pipeline.Value { return b.cases[b.choice.picked].next(m) }

// unit is what numbers are whole multiples of: their last decimal.
type unit struct {
	perOne float64 // how many make 1
	whole  bool    // there are no decimals
}

// of returns how many units make f.
func (u unit) of(f float64) int64 { return int64(math.RoundToEven(float64(f * u.perOne))) }

func (u unit) value(n int64) pipeline.Value {
	if u.whole {
		return pipeline.Int(n)
	}
	return pipeline.Float(float64(n) / u.perOne)
}

// uniform draws numbers that are all as likely.
type uniform struct {
	unit
	min    int64
	spread uint64 // the numbers that there are, less one
	random *rand.Rand
}

func (u *uniform) next(moment) pipeline.Value {
	if u.spread == math.MaxUint64 {
		return u.value(int64(u.random.Uint64()))
	}
	return u.value(u.min + int64(u.random.Uint64N(u.spread+1)))
}

type gauss struct {
	unit
	mean, stddev float64 // in units
	normal       normal
}

func (g *gauss) next(moment) pipeline.Value {
	return g.value(int64(math.RoundToEven(g.mean + float64(g.stddev*g.normal.draw()))))
}

type walk struct {
	unit
	at, step, min, max int64
	random             *rand.Rand
}

func (w *walk) next(m moment) pipeline.Value {
	if m.n > 0 {
		w.at += w.random.Int64N(2*w.step+1) - w.step
		// What goes too far turns back, and stays inside if it is more than there is room for.
		if w.at > w.max {
			w.at = max(w.max-(w.at-w.max), w.min)
		} else if w.at < w.min {
			w.at = min(w.min+(w.min-w.at), w.max)
		}
	}
	return w.value(w.at)
}

type swing struct {
	unit
	start, period            int64 // in nanoseconds
	offset, amplitude, noise float64
	normal                   normal
	spikes                   *spikeOptions
	random                   *rand.Rand // of the spikes
}

func (s *swing) next(m moment) pipeline.Value {
	turns := float64((m.at-s.start)%s.period) / float64(s.period)
	v := s.offset + float64(s.amplitude*sine(turns))
	if s.noise > 0 {
		v += float64(s.noise * s.normal.draw())
	}
	if s.spike(m.n) {
		v += s.spikes.Height
	}
	return s.value(s.of(v))
}

func (s *swing) spike(n int64) bool {
	switch {
	case s.spikes == nil:
		return false
	case s.spikes.Every > 0:
		return n%s.spikes.Every == s.spikes.Every-1
	}
	return s.random.Float64() < s.spikes.Probability
}
