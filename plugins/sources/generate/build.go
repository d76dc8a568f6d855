package generate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
)

// builder makes the series that options ask for, and notes their mistakes.
type builder struct {
	options *Options
	choices map[string]*choice // the fields so far that hold one
	errs    []error
}

// series makes the fields.
func (o *Options) series() ([]field, error) {
	b := &builder{options: o, choices: map[string]*choice{}}
	if len(o.Fields) == 0 {
		b.mistake("fields", "names no field, such as  value: {float: {min: 0, max: 1}}")
	}
	fields := make([]field, len(o.Fields))
	for i := range o.Fields {
		f := &o.Fields[i]
		fields[i] = field{f.Name, b.build("fields."+f.Name, f.Name, &f.Value)}
		if c, ok := fields[i].series.(*choice); ok {
			b.choices[f.Name] = c
		}
	}
	return fields, errors.Join(b.errs...)
}

func (b *builder) mistake(option, format string, args ...any) {
	b.errs = append(b.errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
}

// build makes a series, whose random numbers go by name.
func (b *builder) build(path, name string, k *kind) series {
	random := newRandom(b.options.Seed, name)
	switch {
	case k.Time != nil:
		return b.time(path+".time.format", k.Time.Format)
	case k.Counter != nil:
		step := k.Counter.Step
		if step == 0 {
			step = 1
		}
		return counter{k.Counter.Start, step}
	case k.Constant != nil:
		return constant{*k.Constant}
	case k.Choice != nil && len(k.Choice.labels) > 0:
		return &choice{labels: k.Choice.labels, limits: limits(k.Choice.weights), random: random}
	case k.Int != nil:
		return b.uniform(path+".int.min", &uniform{unit: unit{1, true}, min: k.Int.Min, spread: uint64(k.Int.Max - k.Int.Min), random: random}, k.Int.Min < k.Int.Max)
	case k.Float != nil:
		u := b.unit(path+".float", k.Float.decimalsOption, k.Float.Min, k.Float.Max)
		low, high := u.of(k.Float.Min), u.of(k.Float.Max)
		return b.uniform(path+".float.min", &uniform{unit: u, min: low, spread: uint64(high - low), random: random}, low < high)
	case k.Normal != nil:
		o, u := k.Normal, b.unit(path+".normal", k.Normal.decimalsOption, k.Normal.Mean, deviations*k.Normal.StdDev)
		b.notNegative(path+".normal.stddev", o.StdDev)
		return &gauss{unit: u, mean: o.Mean * u.perOne, stddev: o.StdDev * u.perOne, normal: normal{random: random}}
	case k.Walk != nil:
		w := b.walk(path+".walk", k.Walk)
		w.random = random
		return w
	case k.Sine != nil:
		s := b.sine(path+".sine", k.Sine)
		s.normal.random, s.random = random, newRandom(b.options.Seed, name+" spikes")
		return s
	case k.By != nil:
		return b.by(path+".by", name, k.By)
	default: // the field has a mistake, which is told
		return constant{}
	}
}

func (b *builder) time(path, format string) series {
	if format == "" {
		return eventTime{}
	}
	digits := b.options.digits()
	if period := int64(timestamp.Unit(format)); period > 0 {
		u := unixTime{unit{1, true}, period}
		if format == timestamp.Unix && digits > 0 {
			u.whole = false
			for range digits {
				u.perOne, u.tick = u.perOne*10, u.tick/10
			}
		}
		return u
	}
	w, err := timestamp.NewWriter(format, nil, digits)
	if err != nil {
		b.mistake(path, "%w", err)
	}
	return &timeText{writer: w}
}

// limits returns up to which of the numbers below choices each label is meant.
func limits(weights []float64) []int64 {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	limits := make([]int64, len(weights))
	before, last := 0.0, 0
	for i, w := range weights {
		before += w
		limits[i] = int64(float64(before / sum * choices))
		if w > 0 {
			last = i
		}
	}
	limits[last] = choices // whatever has been rounded
	return limits
}

func (b *builder) uniform(path string, u *uniform, ordered bool) series {
	if !ordered {
		b.mistake(path, "must be less than max")
	}
	return u
}

// Numbers are counted exactly up to here, in units.
const mostUnits = 1 << 53

// deviations is how far from the mean, in standard deviations, no number comes.
const deviations = 16

// unit returns the unit of the decimals asked for. The largest numbers of the
// series are within the sum of numbers.
func (b *builder) unit(path string, o decimalsOption, numbers ...float64) unit {
	decimals := 2
	if o.Decimals != nil {
		decimals = *o.Decimals
	}
	if decimals < 0 || decimals > 9 {
		b.mistake(path+".decimals", "wants 0 to 9, not %d", decimals)
		return unit{1, true}
	}
	perOne, sum := 1.0, 0.0
	for range decimals {
		perOne *= 10
	}
	for _, n := range numbers {
		sum += math.Abs(n)
	}
	if !(sum*perOne <= mostUnits) {
		b.mistake(path, "has numbers that are too large: with %d decimals they go up to %.0e", decimals, mostUnits/perOne)
		return unit{1, true}
	}
	return unit{perOne, decimals == 0}
}

func (b *builder) notNegative(path string, f float64) {
	if !(f >= 0) {
		b.mistake(path, "wants 0 or more, not %v", f)
	}
}

func (b *builder) walk(path string, o *walkOptions) *walk {
	numbers := []float64{o.Start, o.Step}
	for _, bound := range []*float64{o.Min, o.Max} {
		if bound != nil {
			numbers = append(numbers, *bound)
		}
	}
	u := b.unit(path, o.decimalsOption, numbers...)
	w := &walk{unit: u, at: u.of(o.Start), step: u.of(o.Step), min: -mostUnits, max: mostUnits}
	if o.Min != nil {
		w.min = u.of(*o.Min)
	}
	if o.Max != nil {
		w.max = u.of(*o.Max)
	}
	if w.step <= 0 {
		b.mistake(path+".step", "wants a number above 0 that the decimals can express, not %v", o.Step)
		w.step = 0
	}
	if w.at < w.min || w.at > w.max {
		b.mistake(path+".start", "must lie between min and max")
	}
	return w
}

func (b *builder) sine(path string, o *sineOptions) *swing {
	height := 0.0
	if s := o.Spikes; s != nil {
		height = s.Height
		if (s.Every > 0) == (s.Probability > 0) || s.Every < 0 || !(s.Probability >= 0 && s.Probability <= 1) {
			b.mistake(path+".spikes", "wants either every, from 1 on, or probability, above 0 and up to 1")
		}
	}
	if o.Period <= 0 {
		b.mistake(path+".period", "wants the time of one swing, such as 1h")
	}
	b.notNegative(path+".noise", o.Noise)
	u := b.unit(path, o.decimalsOption, o.Offset, o.Amplitude, deviations*o.Noise, height)
	return &swing{unit: u, start: b.options.Start.UnixNano(), period: int64(o.Period), offset: o.Offset, amplitude: o.Amplitude,
		noise: o.Noise, spikes: o.Spikes}
}

// by makes a series for every label of the field that it goes by.
func (b *builder) by(path, name string, o *byOptions) series {
	c, ok := b.choices[o.Field]
	if !ok {
		b.mistake(path+".field", "wants a field that stands before this one and holds a choice, not %q", o.Field)
		return constant{}
	}
	s := by{choice: c}
	var labels []string
	for _, l := range c.labels {
		label := text(l)
		labels = append(labels, label)
		i := slices.IndexFunc(o.Cases, func(p pipeline.Pair[kind]) bool { return p.Name == label })
		if i < 0 {
			b.mistake(path+".cases", "lacks %s, a label of %s", label, o.Field)
			continue
		}
		s.cases = append(s.cases, b.build(path+".cases."+label, name+"."+label, &o.Cases[i].Value))
	}
	for _, p := range o.Cases {
		if !slices.Contains(labels, p.Name) {
			b.mistake(path+".cases."+p.Name, "is no label of %s, which has %s", o.Field, strings.Join(labels, ", "))
		}
	}
	return s
}
