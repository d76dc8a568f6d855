package timestamp

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Find returns a parser of the format that more than half of the cells are
// written in; empty ones don't count. loc is as for New, and say returns the
// option by which the user can say the format, with a format or without one:
// errors ask for it.
func Find(cells []string, loc *time.Location, say func(format string) string) (*Parser, error) {
	cells = slices.DeleteFunc(slices.Clone(cells), func(c string) bool { return c == "" })
	format, fits, err := Detect(cells)
	var ambiguous *AmbiguousError
	switch {
	case len(cells) == 0:
		return nil, fmt.Errorf("the first values are empty; say how times are written with %s, such as \"%%Y-%%m-%%d %%H:%%M:%%S\"", say(""))
	case errors.As(err, &ambiguous):
		return nil, errors.New(ambiguous.Ask(say))
	case fits*2 <= len(cells):
		if err := Misfit(cells); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("how are times such as %q written? say it with %s, such as \"%%Y-%%m-%%d %%H:%%M:%%S\" or unix", shorten(odd(cells)), say(""))
	}
	return New(format, loc)
}

// Misfit returns why one of the cells is no time, if it seems to be one or
// stands among times, and else nil.
func Misfit(cells []string) error {
	if len(cells) == 0 {
		return nil
	}
	cell := odd(cells)
	format, _ := shape(cell)
	if format == "" {
		var fits int
		if format, fits, _ = Detect(cells); format == "" || fits*2 <= len(cells) {
			return nil
		}
	}
	_, err := mustNew(format).Parse(cell)
	return err
}

// odd returns a cell that no format fits, or else the first.
func odd(cells []string) string {
	for _, c := range cells {
		if _, fits, _ := Detect([]string{c}); fits == 0 {
			return c
		}
	}
	return cells[0]
}
