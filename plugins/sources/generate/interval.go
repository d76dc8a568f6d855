package generate

import (
	"math/rand/v2"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
)

// interval is the time from one record to the next, phase after phase. A
// single phase without an end is written without its phase.
type interval struct{ phases []phase }

// phase is some time in which records come at one rate, or none do.
type phase struct {
	For   time.Duration `yaml:"for" doc:"how long the phase lasts"`
	Every *gap          `yaml:"every" doc:"the time from one record to the next, as in interval: 1s or {min: 1s, max: 10s}; absent: a pause"`
}

// gap is a fixed time, or one that is drawn anew for every record.
type gap struct {
	Min  time.Duration `yaml:"min" doc:"the shortest time"`
	Max  time.Duration `yaml:"max" doc:"the longest"`
	Step time.Duration `yaml:"step" doc:"what the times are multiples of, counted from the shortest; the default is the longest of 1s, 1ms, 1us and 1ns that divides both"`
}

// OptionType implements pipeline.Typer.
func (interval) OptionType() string {
	return "duration, {min: duration, max: duration} or list of {for: duration, every: …}"
}

// String returns the default.
func (i interval) String() string { return i.phases[0].Every.Min.String() }

// OptionType implements pipeline.Typer.
func (gap) OptionType() string { return "duration or {min: duration, max: duration}" }

// longest is the longest time that an option may say: fifty years.
const longest = 50 * 365 * 24 * time.Hour

// DecodeOption implements pipeline.OptionDecoder.
func (i *interval) DecodeOption(n pipeline.Node) error {
	if n.YAML.Kind != yaml.SequenceNode {
		every := &gap{}
		i.phases = []phase{{Every: every}}
		return n.Decode(every)
	}
	i.phases = nil
	if err := n.Decode(&i.phases); err != nil {
		return err
	}
	for _, p := range i.phases {
		if p.Every != nil {
			return nil
		}
	}
	return n.Errorf("no phase has records: give one of them  every: 1s")
}

// DecodeOption implements pipeline.OptionDecoder.
func (p *phase) DecodeOption(n pipeline.Node) error {
	type plain phase
	if err := n.Decode((*plain)(p)); err != nil {
		return err
	}
	if p.For <= 0 || p.For > longest {
		return n.Errorf("a phase lasts for a time above 0 and up to fifty years, such as  for: 30s")
	}
	return nil
}

// DecodeOption implements pipeline.OptionDecoder.
func (g *gap) DecodeOption(n pipeline.Node) error {
	if n.YAML.Kind == yaml.ScalarNode {
		err := n.Decode(&g.Min)
		g.Max, g.Step = g.Min, g.Min
		if err == nil && (g.Min <= 0 || g.Min > longest) {
			err = n.Errorf("wants a time above 0 and up to fifty years, not %v", g.Min)
		}
		return err
	}
	type plain gap
	if err := n.Decode((*plain)(g)); err != nil {
		return err
	}
	if g.Step == 0 {
		g.Step = unitOf(g.Min, g.Max)
	}
	switch {
	case g.Min < 0 || g.Max <= 0 || g.Max < g.Min || g.Max > longest:
		return n.Errorf("wants min of 0 or more, and max above 0, at least min and up to fifty years; not %v and %v", g.Min, g.Max)
	case g.Step < 0 || g.Min < g.Max && g.Step > g.Max-g.Min:
		return n.Errorf("step: wants a time above 0 and up to max less min, not %v", g.Step)
	}
	return nil
}

// draw returns a time in nanoseconds.
func (g *gap) draw(r *rand.Rand) int64 {
	if g.Min == g.Max {
		return int64(g.Min)
	}
	return int64(g.Min) + int64(g.Step)*r.Int64N(int64((g.Max-g.Min)/g.Step)+1)
}

// unitOf returns the longest unit that divides all times.
func unitOf(times ...time.Duration) time.Duration {
	unit := time.Second
	for _, t := range times {
		for t%unit != 0 {
			unit /= 1000
		}
	}
	return unit
}

// digits returns how many digits after the seconds' point the event times
// have.
func (o *Options) digits() int {
	times := []time.Duration{time.Duration(o.Start.Nanosecond())}
	for _, p := range o.Interval.phases {
		times = append(times, p.For)
		if p.Every != nil {
			times = append(times, p.Every.Min, p.Every.Step)
			if p.Every.Min == p.Every.Max {
				times = times[:len(times)-1]
			}
		}
	}
	switch unitOf(times...) {
	case time.Second:
		return 0
	case time.Millisecond:
		return 3
	case time.Microsecond:
		return 6
	}
	return 9
}
