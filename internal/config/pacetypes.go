package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
	"gopkg.in/yaml.v3"
)

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

// EventTime is an option that is a point in event time, or a time after the
// first record, such as +10m. The zero EventTime is none.
type EventTime struct {
	At    time.Time
	After time.Duration
	given bool
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *EventTime) UnmarshalText(text []byte) (err error) {
	e.At, e.After, err = parseMoment(string(text))
	e.given = true
	return err
}

// OptionType implements pipeline.Typer.
func (EventTime) OptionType() string { return "time" }

// IsZero reports whether there is none.
func (e EventTime) IsZero() bool { return !e.given }

// Of returns the time, given the first record's.
func (e EventTime) Of(first time.Time) time.Time {
	if e.At.IsZero() {
		return first.Add(e.After)
	}
	return e.At
}

// String returns the time as it may be written.
func (e EventTime) String() string {
	switch {
	case !e.given:
		return ""
	case e.At.IsZero():
		return "+" + e.After.String()
	}
	return e.At.UTC().Format(time.RFC3339Nano)
}

// Loop is an option that is a number of rounds, or forever. The zero Loop is
// one round.
type Loop int64

// Forever is a Loop without end.
const Forever Loop = -1

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Loop) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 10, 64)
	switch {
	case string(text) == "forever":
		*l = Forever
	case err == nil && n > 0:
		*l = Loop(n)
	default:
		return fmt.Errorf("wants a number of rounds above 0, or forever, not %q", text)
	}
	return nil
}

// OptionType implements pipeline.Typer.
func (Loop) OptionType() string { return "number or forever" }

// Rounds returns the number of rounds, or Forever.
func (l Loop) Rounds() Loop {
	if l == 0 {
		return 1
	}
	return l
}

// Rewrite is an option that is a column, or {column, format}.
type Rewrite struct {
	Column string `yaml:"column" doc:"the column"`
	Format string `yaml:"format" doc:"how times are written there; the default is as the first one is"`
}

// DecodeOption implements pipeline.OptionDecoder.
func (r *Rewrite) DecodeOption(n pipeline.Node) error {
	if n.YAML.Kind == yaml.ScalarNode {
		return n.Decode(&r.Column)
	}
	type plain Rewrite
	if err := n.Decode((*plain)(r)); err != nil {
		return err
	}
	if r.Column == "" {
		return n.Errorf("wants a column, or {column: NAME, format: FORMAT}")
	}
	if r.Format != "" {
		if _, err := timestamp.New(r.Format, nil); err != nil {
			return n.Locate(&pipeline.FieldError{Option: "format", Err: err})
		}
	}
	return nil
}

// OptionType implements pipeline.Typer.
func (Rewrite) OptionType() string { return "string or {column, format}" }
