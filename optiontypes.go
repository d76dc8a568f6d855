package pipeline

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Pairs is an option that is a mapping whose names the user chooses. Their
// order is kept.
type Pairs[T any] []Pair[T]

// Pair is one entry of Pairs.
type Pair[T any] struct {
	Name  string
	Value T
}

func (Pairs[T]) valueType() reflect.Type { return reflect.TypeFor[T]() }

// DecodeOption implements OptionDecoder.
func (p *Pairs[T]) DecodeOption(n Node) error {
	if n.YAML.Tag == "!!null" { // everything below it is commented out
		*p = nil
		return nil
	}
	entries, err := n.Entries()
	if err != nil {
		return err
	}
	var errs []error
	*p = make(Pairs[T], len(entries))
	for i, e := range entries {
		(*p)[i].Name = e.Key.YAML.Value
		errs = append(errs, e.Value.Decode(&(*p)[i].Value))
	}
	return errors.Join(errs...)
}

// DecodeOption implements OptionDecoder: a value is typed as YAML types it,
// except that times stay strings.
func (v *Value) DecodeOption(n Node) error {
	switch n.YAML.Kind {
	case yaml.SequenceNode:
		var vs []Value
		err := n.Decode(&vs)
		*v = List(vs)
		return err
	case yaml.MappingNode:
		var ps Pairs[Value]
		err := ps.DecodeOption(n)
		fs := make([]Field, len(ps))
		for i, p := range ps {
			fs[i] = Field(p)
		}
		*v = Struct(fs)
		return err
	}
	return v.decodeScalar(n)
}

func (v *Value) decodeScalar(n Node) error {
	switch n.YAML.Tag {
	case "!!null":
		*v = Null()
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		*v = Bool(b)
		return err
	case "!!int":
		var i int64
		if err := n.YAML.Decode(&i); err != nil {
			return errIntRange(n.YAML.Value)
		}
		*v = Int(i)
	case "!!float":
		if n.YAML.Style&yaml.TaggedStyle == 0 && !strings.ContainsAny(n.YAML.Value, ".eE") {
			return errIntRange(n.YAML.Value) // YAML takes an integer beyond 64 bits for a float
		}
		var f float64
		err := n.Decode(&f)
		*v = Float(f)
		return err
	default:
		*v = String(n.YAML.Value)
	}
	return nil
}

func errIntRange(text string) error {
	return fmt.Errorf("wants an integer that fits into 64 bits, not %s", text)
}

// ByteSize is an option that is a number of bytes: 512, 64KiB, 1 MB.
type ByteSize int64

var byteUnits = []struct {
	name string
	size float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *ByteSize) UnmarshalText(text []byte) error {
	for _, u := range byteUnits {
		digits, ok := strings.CutSuffix(string(text), u.name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || !(f >= 0 && f*u.size < math.MaxInt64) {
			break
		}
		*s = ByteSize(f * u.size)
		return nil
	}
	return fmt.Errorf("wants a size in bytes, such as 4096, 64KiB or 1MB, not %q", text)
}

// String returns the size in the largest unit that divides it.
func (s ByteSize) String() string {
	for _, u := range []int{2, 1, 0} {
		if n := int64(byteUnits[u].size); s != 0 && int64(s)%n == 0 {
			return fmt.Sprint(int64(s)/n, byteUnits[u].name)
		}
	}
	return fmt.Sprint(int64(s))
}

// ParseTime reads a point in time as the user writes it anywhere: RFC 3339,
// YYYY-MM-DD with or without HH:MM:SS in UTC, or a negative duration, such as
// -10m, counted from now.
func ParseTime(s string, now time.Time) (time.Time, error) {
	if strings.HasPrefix(s, "-") {
		if d, err := time.ParseDuration(s); err == nil {
			return now.Add(d), nil
		}
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("wants a time such as 2021-01-01T00:00:00Z, 2021-01-01 00:00:00, 2021-01-01 or -10m, not %q", s)
}
