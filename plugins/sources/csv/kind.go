package csv

import (
	"fmt"
	"strconv"
	"strings"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// kind is the type of a column's cells. The zero kind is of a column in which
// only nulls have been seen.
type kind uint8

const (
	unknown kind = iota
	boolean
	integer
	float
	str
)

var kindNames = [...]string{"string", "bool", "int", "float", "string"}

func (k kind) String() string { return kindNames[k] }

// OptionType implements pipeline.Typer.
func (kind) OptionType() string { return "int|float|bool|string" }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *kind) UnmarshalText(name []byte) error {
	for i := boolean; i <= str; i++ {
		if kindNames[i] == string(name) {
			*k = i
			return nil
		}
	}
	return fmt.Errorf("wants a type, int, float, bool or string, not %q", name)
}

// kindOf returns the kind that a cell is written as. Numbers are those that
// JSON would take, and .5 and 5. as well: a leading zero or plus says that a
// cell is more than a number, as in 007 or +49. An integer beyond 64 bits is a
// string, since a float would change it. point is what stands before a
// fraction.
func kindOf(cell string, point byte) kind {
	switch cell {
	case "true", "false", "True", "False", "TRUE", "FALSE":
		return boolean
	}
	if _, ok := parseInt(cell); ok {
		return integer
	}
	if _, ok := parseFloat(cell, point); ok { // no integer, or beyond 64 bits
		if strings.IndexByte(cell, point) >= 0 || strings.ContainsAny(cell, "eE") {
			return float
		}
	}
	return str
}

// join returns the kind of a column that has cells of two kinds.
func join(a, b kind) kind {
	switch {
	case a == b || b == unknown:
		return a
	case a == unknown:
		return b
	case a+b == integer+float:
		return float
	}
	return str
}

// column is a column of a file.
type column struct {
	name     string
	kind     kind
	point    byte // what stands before a fraction
	declared bool // by the user, who may know more ways to write a value
}

// value reads a cell that is not null.
func (c *column) value(cell string) (pipeline.Value, bool) {
	switch c.kind {
	case integer:
		if v, ok := parseInt(cell); ok {
			return pipeline.Int(v), true
		}
	case float:
		if v, ok := parseFloat(cell, c.point); ok {
			return pipeline.Float(v), true
		}
	case boolean:
		if kindOf(cell, c.point) == boolean {
			return pipeline.Bool(cell[0]|' ' == 't'), true
		}
	default:
		return pipeline.String(cell), true
	}
	if !c.declared {
		return pipeline.Value{}, false
	}
	return c.declaredValue(cell)
}

// declaredValue reads a cell in any of the ways that package strconv knows,
// but for hexadecimal floats.
func (c *column) declaredValue(cell string) (v pipeline.Value, ok bool) {
	switch c.kind {
	case integer:
		i, err := strconv.ParseInt(cell, 10, 64)
		return pipeline.Int(i), err == nil
	case float:
		written := cell
		if c.point != '.' {
			if strings.Contains(cell, ".") {
				return v, false
			}
			written = strings.Replace(cell, string(c.point), ".", 1)
		}
		f, err := strconv.ParseFloat(written, 64)
		return pipeline.Float(f), err == nil && !strings.ContainsAny(cell, "xX_")
	}
	b, err := strconv.ParseBool(cell)
	return pipeline.Bool(b), err == nil
}

// misfit is the error of a cell that value doesn't read.
func (c *column) misfit(cell string, say setting) error {
	if len(cell) > shownText {
		cell = cell[:shownText] + "…"
	}
	if c.declared {
		return fmt.Errorf("column %q: %q is no %v", c.name, cell, c.kind)
	}
	wider := join(c.kind, kindOf(cell, c.point))
	hint := ""
	if wider == str {
		hint = fmt.Sprintf(", or say that this is no value: %s", say("null_values", cell))
	}
	return fmt.Errorf("column %q: %q is no %v, the type found in the first rows; declare the type: %s%s", c.name, cell, c.kind, say("types."+c.name, wider.String()), hint)
}

// shownText is how much of a cell is shown in an error.
const shownText = 60
