package generate

import (
	"errors"
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the generate source.
type Options struct {
	_ struct{} `doc:"makes records up: values that wander, swing or are drawn, at times of a rhythm. The same options give the same records, everywhere" example:"generate: {count: 5, fields: {at: time, sensor: {choice: [a, b]}, value: {float: {min: 20, max: 90}}}}"`

	Fields   pipeline.Pairs[kind] `yaml:"fields" doc:"the fields of a record in order, and what each holds: time {format}; counter {start, step}; constant VALUE; choice [LABEL, …] or {LABEL: WEIGHT, …}; int {min, max}; float {min, max, decimals}; normal {mean, stddev, decimals}; walk {start, step, min, max, decimals}; sine {period, amplitude, offset, noise, spikes: {every or probability, height}, decimals}; by {field, cases: {LABEL: kind, …}}, which goes by the label of a field before it. As in  at: time,  sensor: {choice: [a, b]}  and  value: {float: {min: 0, max: 1}}. A time without a format is a time, not a text. decimals is 2 if absent; with 0 the numbers are whole ones"`
	Count    int64                `yaml:"count" doc:"how many records; absent: they go on for ever"`
	Interval interval             `yaml:"interval" doc:"the time from one record to the next: fixed, or drawn between min and max, or phase by phase, again and again; a phase without every is a pause"`
	Start    start                `yaml:"start" doc:"the event time of the first record"`
	Seed     int64                `yaml:"seed" doc:"another number gives other records"`
}

func defaults() Options {
	second := &gap{Min: time.Second, Max: time.Second, Step: time.Second}
	return Options{Interval: interval{[]phase{{Every: second}}}, Start: start{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
}

// start is a point in time.
type start struct{ time.Time }

// OptionType implements pipeline.Typer.
func (start) OptionType() string { return "time" }

// String returns the time as the user may write it.
func (s start) String() string { return s.Format(time.DateTime) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *start) UnmarshalText(text []byte) (err error) {
	s.Time, err = pipeline.ParseTime(string(text), time.Now().UTC().Truncate(time.Second))
	if err == nil && (s.Year() < 1700 || s.Year() > 2200) {
		err = fmt.Errorf("wants a time of the years 1700 to 2200, not %s", text)
	}
	return err
}

// kind is what a field holds: exactly one of these.
type kind struct {
	Time     *timeOptions    `yaml:"time" doc:"the record's event time"`
	Counter  *counterOptions `yaml:"counter" doc:"whole numbers, one after the other"`
	Constant *pipeline.Value `yaml:"constant" doc:"one value"`
	Choice   *choiceOptions  `yaml:"choice" doc:"one of several labels"`
	Int      *intOptions     `yaml:"int" doc:"a whole number, all of them as likely"`
	Float    *floatOptions   `yaml:"float" doc:"a number, all of them as likely"`
	Normal   *normalOptions  `yaml:"normal" doc:"a number, normally distributed"`
	Walk     *walkOptions    `yaml:"walk" doc:"a number that wanders: it differs from the one before by a step at most"`
	Sine     *sineOptions    `yaml:"sine" doc:"a number that swings with the event time"`
	By       *byOptions      `yaml:"by" doc:"what goes by the label of another field: a series for each"`
}

type timeOptions struct {
	Format string `yaml:"format" doc:"how it is written: rfc3339, unix, unix_ms, unix_us, unix_ns or a pattern such as \"%Y-%m-%d %H:%M:%S\"; absent: a time, not a text"`
}

type counterOptions struct {
	Start int64 `yaml:"start" doc:"the first number"`
	Step  int64 `yaml:"step" doc:"how far it is to the next; the default is 1"`
}

// choiceOptions is a list of labels, or their weights.
type choiceOptions struct {
	labels  []pipeline.Value
	weights []float64
}

type intOptions struct {
	Min int64 `yaml:"min" doc:"the least"`
	Max int64 `yaml:"max" doc:"the greatest"`
}

type decimalsOption struct {
	Decimals *int `yaml:"decimals" doc:"digits after the point, 0 to 9; the default is 2, and with 0 the numbers are whole ones"`
}

type floatOptions struct {
	Min            float64 `yaml:"min" doc:"the least"`
	Max            float64 `yaml:"max" doc:"the greatest"`
	decimalsOption `yaml:",inline"`
}

type normalOptions struct {
	Mean           float64 `yaml:"mean" doc:"the mean"`
	StdDev         float64 `yaml:"stddev" doc:"the standard deviation"`
	decimalsOption `yaml:",inline"`
}

type walkOptions struct {
	Start          float64  `yaml:"start" doc:"where it begins"`
	Step           float64  `yaml:"step" doc:"how far it goes at most"`
	Min            *float64 `yaml:"min" doc:"the least, where it turns back; absent: there is none"`
	Max            *float64 `yaml:"max" doc:"the greatest, likewise"`
	decimalsOption `yaml:",inline"`
}

type sineOptions struct {
	Period         time.Duration `yaml:"period" doc:"the time of one swing; the first begins at start, upwards"`
	Amplitude      float64       `yaml:"amplitude" doc:"how far it swings to either side"`
	Offset         float64       `yaml:"offset" doc:"what it swings around"`
	Noise          float64       `yaml:"noise" doc:"the standard deviation of what is added by chance"`
	Spikes         *spikeOptions `yaml:"spikes" doc:"numbers that stand out"`
	decimalsOption `yaml:",inline"`
}

type spikeOptions struct {
	Every       int64   `yaml:"every" doc:"each of so many numbers is one"`
	Probability float64 `yaml:"probability" doc:"or how likely a number is one, 0 to 1"`
	Height      float64 `yaml:"height" doc:"what is added to it"`
}

type byOptions struct {
	Field string               `yaml:"field" doc:"a field before this one that holds a choice"`
	Cases pipeline.Pairs[kind] `yaml:"cases" doc:"what this field holds, by that one's label"`
}

// OptionType implements pipeline.Typer.
func (kind) OptionType() string { return "kind or {kind: options}" }

// OptionType implements pipeline.Typer.
func (choiceOptions) OptionType() string { return "list of labels, or {label: weight, …}" }

// DecodeOption implements pipeline.OptionDecoder. A kind that needs no options
// is its name alone.
func (k *kind) DecodeOption(n pipeline.Node) error {
	type plain kind
	if y := n.YAML; y.Kind == yaml.ScalarNode {
		none := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: y.Line, Column: y.Column}
		n.YAML = &yaml.Node{Kind: yaml.MappingNode, Line: y.Line, Column: y.Column, Content: []*yaml.Node{y, none}}
	}
	if err := n.Decode((*plain)(k)); err != nil {
		return err
	}
	entries, _ := n.Entries()
	if len(entries) != 1 {
		return n.Errorf("a field holds one kind of values, such as  {float: {min: 0, max: 1}}, and here are %d", len(entries))
	}
	if *k == (kind{}) { // a kind whose options were null
		if entries[0].Key.YAML.Value != "constant" {
			return entries[0].Key.Errorf("wants options")
		}
		k.Constant = new(pipeline.Value)
	}
	return nil
}

// DecodeOption implements pipeline.OptionDecoder.
func (c *choiceOptions) DecodeOption(n pipeline.Node) error {
	if n.YAML.Kind != yaml.MappingNode {
		err := n.Decode(&c.labels)
		c.weights = make([]float64, len(c.labels))
		for i := range c.weights {
			c.weights[i] = 1
		}
		return errors.Join(err, c.check(n))
	}
	var weights pipeline.Pairs[float64]
	if err := n.Decode(&weights); err != nil {
		return err
	}
	for _, w := range weights {
		c.labels = append(c.labels, pipeline.String(w.Name))
		c.weights = append(c.weights, w.Value)
	}
	return c.check(n)
}

func (c *choiceOptions) check(n pipeline.Node) error {
	sum := 0.0
	for _, w := range c.weights {
		if !(w >= 0 && w <= 1e9) {
			return n.Errorf("wants weights from 0 to 1e9, not %v", w)
		}
		sum += w
	}
	if !(sum > 0) {
		return n.Errorf("wants labels to choose from, and weights that are not all 0")
	}
	return nil
}

var (
	_ pipeline.Validator = (*Options)(nil)
	_ pipeline.Endless   = (*Options)(nil)
)

// Endless implements pipeline.Endless.
func (o *Options) Endless() error {
	if o.Count == 0 {
		return errors.New("without count the records go on for ever; set how many")
	}
	return nil
}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	if o.Count < 0 {
		errs = append(errs, &pipeline.FieldError{Option: "count", Err: fmt.Errorf("wants 1 or more, not %d; leave it out to go on for ever", o.Count)})
	}
	_, err := o.series()
	return errors.Join(append(errs, err)...)
}

// text returns a label as it stands in cases.
func text(label pipeline.Value) string {
	if s, ok := label.Text(); ok {
		return s
	}
	return label.String()
}
