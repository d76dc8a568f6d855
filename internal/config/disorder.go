package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// Disorder is what a replay does to the order of its records. Two runs with
// the same seed do the same.
type Disorder struct {
	Seed      int64         `yaml:"seed" doc:"chooses which records; two runs with the same one are the same"`
	Late      Late          `yaml:"late" doc:"records that come later than their event time, which they keep"`
	Duplicate Share         `yaml:"duplicate" doc:"records that are sent twice"`
	Drop      Share         `yaml:"drop" doc:"records that are left out"`
	Jitter    time.Duration `yaml:"jitter" doc:"every record comes up to this much event time later"`
	Swap      Swap          `yaml:"swap" doc:"records that change places with a later one"`
}

// Late is the part of the records that is late, and by how much event time.
type Late struct {
	Fraction float64 `yaml:"fraction" doc:"of the records, 0 to 1"`
	Delay    Delay   `yaml:"delay" doc:"by how much event time they are late"`
}

// Delay is a time between two.
type Delay struct {
	Min time.Duration `yaml:"min" doc:"the shortest"`
	Max time.Duration `yaml:"max" doc:"the longest"`
}

// Share is a part of the records.
type Share struct {
	Fraction float64 `yaml:"fraction" doc:"of the records, 0 to 1"`
}

// Swap is the part of the records that change places, and how far.
type Swap struct {
	Fraction float64 `yaml:"fraction" doc:"of the records, 0 to 1"`
	Distance int     `yaml:"distance" doc:"by how many records; the default is 1"`
}

// longestSwap bounds the records that wait for the one they change places with.
const longestSwap = 10_000

// DecodeOption implements pipeline.OptionDecoder, for the default distance.
func (d *Disorder) DecodeOption(n pipeline.Node) error {
	type plain Disorder
	v := plain{Swap: Swap{Distance: 1}}
	if err := n.Decode(&v); err != nil {
		return err
	}
	*d = Disorder(v)
	var errs []error
	bad := func(option, format string, args ...any) {
		errs = append(errs, n.Locate(&pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)}))
	}
	for _, f := range []struct {
		option   string
		fraction float64
	}{{"late.fraction", d.Late.Fraction}, {"duplicate.fraction", d.Duplicate.Fraction}, {"drop.fraction", d.Drop.Fraction}, {"swap.fraction", d.Swap.Fraction}} {
		if !(f.fraction >= 0 && f.fraction <= 1) {
			bad(f.option, "wants a number from 0 to 1, not %v", f.fraction)
		}
	}
	if d.Late.Delay.Min < 0 || d.Late.Delay.Max < d.Late.Delay.Min {
		bad("late.delay", "wants min of 0 or more and max at least min, not %v and %v", d.Late.Delay.Min, d.Late.Delay.Max)
	}
	if d.Late.Fraction > 0 && d.Late.Delay.Max == 0 {
		bad("late", "needs a delay, such as  delay: {min: 1s, max: 1m}")
	}
	if d.Jitter < 0 {
		bad("jitter", "wants 0 or more, not %v", d.Jitter)
	}
	if d.Swap.Distance < 1 || d.Swap.Distance > longestSwap {
		bad("swap.distance", "wants a number from 1 to %d, not %d", longestSwap, d.Swap.Distance)
	}
	return errors.Join(errs...)
}
