package cast

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// typeName is an option: a type to cast to.
type typeName string

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *typeName) UnmarshalText(text []byte) error {
	*t = typeName(text)
	if newConverter(*t) == nil {
		return fmt.Errorf("wants a type (int, float, bool, string or time), not %q", text)
	}
	return nil
}

// OptionType implements pipeline.Typer.
func (typeName) OptionType() string { return "int|float|bool|string|time" }

// newConverter returns nil for a type that there is not.
func newConverter(t typeName) converter {
	switch t {
	case "int":
		return toInt
	case "float":
		return toFloat
	case "bool":
		return toBool
	case "string":
		return toString
	case "time":
		return newTimeReader().toTime
	}
	return nil
}

// A converter's errors go on where "… can't be cast to TYPE: VALUE" ends.
var (
	errNotWhole  = errors.New("is not a whole number")
	errNotNumber = errors.New("is not a number")
	errNotBool   = errors.New("is neither true or false nor 1 or 0")
	errNotText   = errors.New("has several values in it")
	errRange     = errors.New("does not fit into 64 bits")
	errInexact   = errors.New("has more digits than a float holds")
)

func errType(v pipeline.Value) error { return fmt.Errorf("is of type %s", v.Kind()) }

func toInt(v pipeline.Value) (pipeline.Value, error) {
	switch v.Kind() {
	case pipeline.KindInt:
		return v, nil
	case pipeline.KindFloat:
		return floatToInt(v.Float())
	case pipeline.KindBool:
		if v.Bool() {
			return pipeline.Int(1), nil
		}
		return pipeline.Int(0), nil
	case pipeline.KindString:
		return textToInt(v.Str())
	}
	return v, errType(v)
}

func floatToInt(f float64) (pipeline.Value, error) {
	switch {
	case f != math.Trunc(f): // NaN too
		return pipeline.Null(), errNotWhole
	case f < -1<<63 || f >= 1<<63:
		return pipeline.Null(), errRange
	}
	return pipeline.Int(int64(f)), nil
}

// textToInt reads digits, and zeros after a point.
func textToInt(s string) (pipeline.Value, error) {
	whole, fraction, point := strings.Cut(s, ".")
	if point && (fraction == "" || strings.Trim(fraction, "0") != "") {
		return pipeline.Null(), errNotWhole
	}
	i, err := strconv.ParseInt(whole, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return pipeline.Null(), errRange
	case err != nil:
		return pipeline.Null(), errNotWhole
	}
	return pipeline.Int(i), nil
}

func toFloat(v pipeline.Value) (pipeline.Value, error) {
	switch v.Kind() {
	case pipeline.KindFloat:
		return v, nil
	case pipeline.KindInt:
		f := float64(v.Int())
		if f >= 1<<63 || int64(f) != v.Int() {
			return v, errInexact
		}
		return pipeline.Float(f), nil
	case pipeline.KindString:
		f, err := strconv.ParseFloat(v.Str(), 64)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return v, errRange
		case err != nil:
			return v, errNotNumber
		}
		return pipeline.Float(f), nil
	}
	return v, errType(v)
}

func toBool(v pipeline.Value) (pipeline.Value, error) {
	switch v.Kind() {
	case pipeline.KindBool:
		return v, nil
	case pipeline.KindInt:
		if i := v.Int(); i == 0 || i == 1 {
			return pipeline.Bool(i == 1), nil
		}
		return v, errNotBool
	case pipeline.KindString:
		switch s := v.Str(); {
		case s == "1", strings.EqualFold(s, "true"):
			return pipeline.Bool(true), nil
		case s == "0", strings.EqualFold(s, "false"):
			return pipeline.Bool(false), nil
		}
		return v, errNotBool
	}
	return v, errType(v)
}

func toString(v pipeline.Value) (pipeline.Value, error) {
	s, ok := v.Text()
	if !ok {
		return v, errNotText
	}
	return pipeline.String(s), nil
}
