package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// Pace says when records are released.
type Pace struct {
	Speed        float64       `yaml:"speed" doc:"how many times faster than recorded; above 0; the default is 1"`
	Rate         Rate          `yaml:"rate" doc:"a constant rate at speed 1, such as 500/s, instead of the recorded times; units: s, m, h, d"`
	MaxGap       time.Duration `yaml:"max_gap" doc:"the longest that a pause between records may last, in wall time; the default is no limit"`
	SkipGapsOver time.Duration `yaml:"skip_gaps_over" doc:"a pause that is longer than this, in event time, is left out; wins over max_gap"`
	StartAt      WallTime      `yaml:"start_at" doc:"when to begin, so that several machines start together; the default is at once"`
	Precision    string        `yaml:"precision" doc:"fine, the default: exact to some 0.05 ms, where the system can (Linux); or coarse: to a millisecond, with Go's timers"`
	WhenBehind   string        `yaml:"when_behind" doc:"what a replay that is late does: burst, the default, catches up at once; stretch puts off what comes, so that the pauses stay; drop leaves out what is later than drop_after"`
	DropAfter    time.Duration `yaml:"drop_after" doc:"with when_behind: drop; the default is 2s"`
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

var defaultPace = Pace{Speed: 1, Precision: Fine, WhenBehind: Burst, DropAfter: 2 * time.Second}

// DecodeOption implements pipeline.OptionDecoder, for the defaults.
func (p *Pace) DecodeOption(n pipeline.Node) error {
	type plain Pace
	v := plain(defaultPace)
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

func (p *Pace) check() error {
	var errs []error
	bad := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if err := CheckSpeed(p.Speed); err != nil {
		bad("speed", "%w", err)
	}
	for option, d := range map[string]time.Duration{"max_gap": p.MaxGap, "skip_gaps_over": p.SkipGapsOver, "drop_after": p.DropAfter} {
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
	return errors.Join(errs...)
}

// CheckSpeed returns an error unless a replay can run at this speed.
func CheckSpeed(speed float64) error {
	if !(speed > 0) || math.IsInf(speed, 0) {
		return fmt.Errorf("wants a number above 0, not %v; for as fast as possible leave pace out", speed)
	}
	return nil
}

// Rate is an option that is a number of records in a time, such as 500/s or
// 2.5/m. The zero Rate is none.
type Rate struct {
	Records uint64
	Per     time.Duration
}

var rateUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) error {
	wrong := fmt.Errorf("wants a number of records above 0 in a second, a minute, an hour or a day, such as 500/s or 2.5/m, not %q", text)
	number, unit, _ := strings.Cut(string(text), "/")
	whole, decimals, _ := strings.Cut(strings.TrimSpace(number), ".")
	per, ok := rateUnits[strings.TrimSpace(unit)]
	n, err := strconv.ParseUint(whole+decimals, 10, 53)
	if !ok || err != nil || n == 0 || len(decimals) > 4 {
		return wrong
	}
	for range decimals {
		per *= 10
	}
	*r = Rate{n, per}
	return nil
}

// OptionType implements pipeline.Typer.
func (Rate) OptionType() string { return "rate" }

// WallTime is an option that is a point in time, or a time from now, such as
// +10s.
type WallTime struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *WallTime) UnmarshalText(text []byte) error {
	at, after, err := parseMoment(string(text))
	if w.Time = at; at.IsZero() {
		w.Time = time.Now().Add(after)
	}
	return err
}

// OptionType implements pipeline.Typer.
func (WallTime) OptionType() string { return "time" }

// parseMoment reads a point in time, or +DURATION.
func parseMoment(text string) (at time.Time, after time.Duration, err error) {
	if plus, ok := strings.CutPrefix(text, "+"); ok {
		if after, err = time.ParseDuration(plus); err == nil && after >= 0 {
			return time.Time{}, after, nil
		}
	} else if !strings.HasPrefix(text, "-") {
		if at, err = pipeline.ParseTime(text, time.Time{}); err == nil {
			return at, 0, nil
		}
	}
	return time.Time{}, 0, fmt.Errorf("wants a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or +10m, not %q", text)
}
