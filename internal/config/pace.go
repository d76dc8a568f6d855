package config

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// Pace says when records are released.
type Pace struct {
	Speed        float64       `yaml:"speed" doc:"how many times faster than recorded; above 0; the default is 1"`
	Rate         Rate          `yaml:"rate" doc:"a constant rate at speed 1, such as 500/s, instead of the recorded times; units: s, m, h, d"`
	MaxGap       time.Duration `yaml:"max_gap" doc:"the longest that a pause between records may last, in wall time; the default is no limit"`
	SkipGapsOver time.Duration `yaml:"skip_gaps_over" doc:"a pause that is longer than this, in event time, is left out; wins over max_gap"`
	StartAt      WallTime      `yaml:"start_at" doc:"when to begin, so that several machines start together; the default is at once"`
	Start        EventTime     `yaml:"start" doc:"leave out what lies before: a time, or +10m from the first record"`
	End          EventTime     `yaml:"end" doc:"leave out what lies here or later: a time, or +10m from the first record"`
	Loop         Loop          `yaml:"loop" doc:"how many rounds to play: a number, or forever; each round's event times go on where the round before ended; the default is 1"`
	LoopDelay    time.Duration `yaml:"loop_delay" doc:"how long to wait between rounds, in wall time"`
	Rebase       string        `yaml:"rebase" doc:"move the event times, so that the first is when the replay starts: event keeps their distances, wall divides them by the speed"`
	Rewrite      Rewrite       `yaml:"rewrite" doc:"write the moved event time back into this column, in the source's timezone (a time that carries its zone: in UTC), in the format that is found there or that is named"`
	Reorder      time.Duration `yaml:"reorder" doc:"sort records that are out of order by up to this much event time; the default is to send them at once, in file order"`
	Duplicates   string        `yaml:"duplicates" doc:"keep, the default, or drop rows that are equal to the row before"`
	Precision    string        `yaml:"precision" doc:"fine, the default: exact to some 0.05 ms, where the system can (Linux); or coarse: to a millisecond, with Go's timers"`
	WhenBehind   string        `yaml:"when_behind" doc:"what a replay that is late does: burst, the default, catches up at once; stretch puts off what comes, so that the pauses stay; drop leaves out what is later than drop_after"`
	DropAfter    time.Duration `yaml:"drop_after" doc:"with when_behind: drop; the default is 2s"`
	Disorder     *Disorder     `yaml:"disorder" doc:"late, lost and doubled records, to test stream processors with"`
}

// How exactly records leave.
const (
	Fine   = "fine"
	Coarse = "coarse"
)

// What a replay does that is behind its schedule.
const (
	Burst   = "burst"
	Stretch = "stretch"
	Drop    = "drop"
)

// How event times are moved, and what becomes of rows that are there twice.
const (
	RebaseEvent = "event"
	RebaseWall  = "wall"
	Keep        = "keep"
)

var defaultPace = Pace{Speed: 1, Loop: 1, Duplicates: Keep, Precision: Fine, WhenBehind: Burst, DropAfter: 2 * time.Second}

// DecodeOption implements pipeline.OptionDecoder, for the defaults.
func (p *Pace) DecodeOption(n pipeline.Node) error {
	type plain Pace
	v := plain(defaultPace)
	if err := checkForm(n); err != nil {
		return err
	}
	if err := n.Decode(&v); err != nil {
		return err
	}
	*p = Pace(v)
	var errs []error
	for _, err := range pipeline.Flatten(p.check()) {
		errs = append(errs, n.Locate(err))
	}
	return errors.Join(errs...)
}

// checkForm refuses a speed alone, and max, which is for --speed.
func checkForm(n pipeline.Node) error {
	if n.YAML.Kind == yaml.ScalarNode && n.YAML.Tag != "!!null" {
		return n.Errorf("wants a mapping, such as {speed: 10}, not %q", n.YAML.Value)
	}
	entries, _ := n.Entries()
	for _, e := range entries {
		if e.Key.YAML.Value == "speed" && e.Value.YAML.Value == "max" {
			return e.Value.Errorf("for as fast as possible leave pace out, or run it with --speed max")
		}
	}
	return nil
}

func (p *Pace) check() error {
	var errs []error
	bad := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if err := CheckSpeed(p.Speed); err != nil {
		bad("speed", "%w", err)
	}
	for option, d := range map[string]time.Duration{"max_gap": p.MaxGap, "skip_gaps_over": p.SkipGapsOver, "drop_after": p.DropAfter,
		"loop_delay": p.LoopDelay, "reorder": p.Reorder} {
		if d < 0 {
			bad(option, "wants 0 or more, not %v", d)
		}
	}
	if p.Rate.Records > 0 && (p.MaxGap > 0 || p.SkipGapsOver > 0) {
		bad("rate", "has no pauses that max_gap or skip_gaps_over could shorten; leave them out")
	}
	if p.Precision != Fine && p.Precision != Coarse {
		bad("precision", "wants fine or coarse, not %q", p.Precision)
	}
	if p.WhenBehind != Burst && p.WhenBehind != Stretch && p.WhenBehind != Drop {
		bad("when_behind", "wants burst, stretch or drop, not %q", p.WhenBehind)
	}
	if p.Rebase != "" && p.Rebase != RebaseEvent && p.Rebase != RebaseWall {
		bad("rebase", "wants event or wall, not %q", p.Rebase)
	}
	if p.Duplicates != Keep && p.Duplicates != Drop {
		bad("duplicates", "wants keep or drop, not %q", p.Duplicates)
	}
	if err := CheckWindow(p.Start, p.End); err != nil {
		bad("end", "%w", err)
	}
	if p.Rewrite.Column != "" && p.Rebase == "" && p.Loop.Rounds() == 1 {
		bad("rewrite", "has nothing to write: only rebase and loop move event times")
	}
	return errors.Join(errs...)
}

// CheckWindow returns an error if nothing can lie between two times, as far as
// that is known without the first record.
func CheckWindow(start, end EventTime) error {
	if start.IsZero() || end.IsZero() || start.At.IsZero() != end.At.IsZero() {
		return nil
	}
	if start.At.Before(end.At) || start.At.IsZero() && start.After < end.After {
		return nil
	}
	return fmt.Errorf("wants a time after start, %v, not %v", start, end)
}

// CheckSpeed returns an error unless a replay can run at this speed.
func CheckSpeed(speed float64) error {
	if !(speed > 0) || math.IsInf(speed, 0) {
		return fmt.Errorf("wants a number above 0, not %v; for as fast as possible leave pace out", speed)
	}
	return nil
}
