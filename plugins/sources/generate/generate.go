// Package generate is the generate source: it makes records up, for those who
// have no data and for tests that want the same data every time.
//
// A field has random numbers of its own, by its name: another field more or
// less doesn't change it. Records are the same on every platform, to the byte.
package generate

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

func init() { pipeline.RegisterSource("generate", defaults(), open) }

var (
	_ pipeline.Source     = (*source)(nil)
	_ pipeline.Progresser = (*source)(nil)
	_ pipeline.Ender      = (*source)(nil)
)

type source struct {
	options Options
	fields  []field
	clock   clock
	n       int64 // the records made so far
	count   int64 // of all
}

const (
	name      = "generate" // the source of all records, in their origins
	fieldSize = 40         // bytes that a field takes in a batch
	skipCheck = 1 << 16    // records that are skipped before the context is looked at
)

func open(ctx context.Context, env pipeline.Env, o Options) (pipeline.Source, error) {
	fields, err := o.series()
	if err != nil {
		return nil, err
	}
	s := &source{options: o, fields: fields, clock: newClock(&o), count: o.Count}
	if s.count == 0 {
		s.count = math.MaxInt64
	}
	if last, ok := env.Position.Last(name, 0); ok {
		return s, s.skip(ctx, last.Offset+1)
	}
	return s, nil
}

// skip makes n records for nobody: those after them depend on them.
func (s *source) skip(ctx context.Context, n int64) error {
	values := make([]pipeline.Field, len(s.fields))
	for s.n < min(n, s.count) {
		if s.n%skipCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		at, err := s.clock.tick()
		if err != nil {
			return err
		}
		s.fill(values, at)
	}
	return nil
}

// Read implements pipeline.Source.
func (s *source) Read(ctx context.Context, b *pipeline.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.n >= s.count {
		return io.EOF
	}
	for !b.Full() && s.n < s.count {
		at, err := s.clock.tick()
		if err != nil && len(b.Records) == 0 {
			return err
		} else if err != nil {
			return nil // the next Read will meet the error again
		}
		r := b.Add(fieldSize * len(s.fields))
		r.Time = time.Unix(0, at).UTC()
		r.Origin = pipeline.Origin{Source: name, Offset: s.n, Line: s.n + 1}
		values := slices.Grow(r.Value.Fields(), len(s.fields))[:len(s.fields)]
		s.fill(values, at)
		r.Value = pipeline.Struct(values)
	}
	return nil
}

// fill makes the next record's values.
func (s *source) fill(values []pipeline.Field, at int64) {
	m := moment{n: s.n, at: at}
	for i := range s.fields {
		f := &s.fields[i]
		values[i] = pipeline.Field{Name: f.name, Value: f.next(m)}
	}
	s.n++
}

// Progress implements pipeline.Progresser.
func (s *source) Progress(o pipeline.Origin) (float64, bool) {
	return float64(o.Offset+1) / float64(s.count), s.options.Count > 0
}

// endLooked is how many records may be left for their end to be looked for.
const endLooked = 1 << 20

// End implements pipeline.Ender. It draws all intervals once more.
func (s *source) End() (end time.Time, known bool) {
	if s.count-s.n > endLooked {
		return end, false
	}
	c := newClock(&s.options)
	for range s.count {
		at, err := c.tick()
		if err != nil {
			return end, false
		}
		end, known = time.Unix(0, at).UTC(), true
	}
	return end, known
}

// Close implements pipeline.Source.
func (s *source) Close() error { return nil }

// moment is what a value may depend on.
type moment struct {
	n  int64 // the record's number, from 0
	at int64 // its event time, in Unix nanoseconds
}

// clock makes the event times.
type clock struct {
	random *rand.Rand
	phases []phase
	phase  int
	end    int64 // of the phase, in Unix nanoseconds
	at     int64 // the next record
}

func newClock(o *Options) clock {
	c := clock{random: newRandom(o.Seed, ""), phases: o.Interval.phases, phase: -1}
	c.at = o.Start.UnixNano()
	c.end = c.at
	c.enter()
	return c
}

// lastTime is the latest event time, in 2262, less what is added before it is
// looked at.
const lastTime = math.MaxInt64 - int64(2*longest)

var errLastTime = errors.New("the event times have come to the year 2261, and later ones can't be expressed: set count, or make interval shorter")

// tick returns the event time of the next record.
func (c *clock) tick() (int64, error) {
	if c.at > lastTime {
		return 0, errLastTime
	}
	at := c.at
	c.at += c.phases[c.phase].Every.draw(c.random)
	if c.at >= c.end {
		c.enter()
	}
	return at, nil
}

// enter goes on to the next phase in which there are records.
func (c *clock) enter() {
	for c.at >= c.end {
		c.phase = (c.phase + 1) % len(c.phases)
		p := &c.phases[c.phase]
		c.at = c.end
		if p.For == 0 { // the only one, and for ever
			c.end = math.MaxInt64
			return
		}
		c.end += int64(p.For)
		if p.Every == nil {
			c.at = c.end
		}
	}
}
