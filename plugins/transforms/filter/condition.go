package filter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// condition is an option: a comparison of a field with a constant.
type condition struct {
	text    string // as it was written
	field   string
	op      operator
	literal pipeline.Value
	instant pipeline.Value // what literal is as a time; null if it is none
}

type operator string

// The longer ones first, to be found first.
var operators = []operator{"==", "!=", "<=", ">=", "<", ">"}

const space = " \t\r\n"

// DecodeOption implements pipeline.OptionDecoder.
func (c *condition) DecodeOption(n pipeline.Node) error {
	var text string
	if err := n.Decode(&text); err != nil {
		return fmt.Errorf("wants a comparison, such as: value > 10")
	}
	parsed, err := parse(text)
	*c = parsed
	return err
}

// OptionType implements pipeline.Typer.
func (condition) OptionType() string { return "comparison" }

// parse reads FIELD OPERATOR LITERAL.
func parse(text string) (condition, error) {
	c := condition{text: strings.TrimSpace(text)}
	field, rest, err := cutField(c.text)
	if err != nil {
		return condition{}, err
	}
	c.field = field
	for _, op := range operators {
		if after, ok := strings.CutPrefix(rest, string(op)); ok {
			c.op, rest = op, strings.TrimSpace(after)
			break
		}
	}
	if c.op == "" {
		return condition{}, fmt.Errorf("wants one of == != < <= > >= after %q, as in: value > 10", field)
	}
	if c.literal, err = parseLiteral(rest); err != nil {
		return condition{}, err
	}
	if k := c.literal.Kind(); (k == pipeline.KindNull || k == pipeline.KindBool) && c.op != "==" && c.op != "!=" {
		return condition{}, fmt.Errorf("%v can be compared by == and != only, not by %s", c.literal, c.op)
	}
	c.instant = instant(c.literal)
	return c, nil
}

// instant returns what a text is as a time, null if it is none. -10m is ten
// minutes before the condition is read.
func instant(literal pipeline.Value) pipeline.Value {
	if literal.Kind() != pipeline.KindString {
		return pipeline.Null()
	}
	t, err := pipeline.ParseTime(literal.Str(), time.Now())
	if err != nil || t.Year() < 1678 || t.Year() > 2261 {
		return pipeline.Null()
	}
	return pipeline.Time(t)
}

// cutField cuts the field's name, in quotes or not, from the front of s.
func cutField(s string) (field, rest string, err error) {
	if s != "" && isQuote(s[0]) {
		field, rest, err = cutQuoted(s)
	} else {
		end := strings.IndexAny(s+" ", space+"=!<>")
		field, rest = s[:end], s[end:]
	}
	if err == nil && field == "" {
		err = fmt.Errorf("wants a field's name first, as in: value > 10")
	}
	return field, strings.TrimSpace(rest), err
}

// parseLiteral reads the constant that is all of s.
func parseLiteral(s string) (pipeline.Value, error) {
	switch {
	case s == "":
		return pipeline.Null(), fmt.Errorf("wants something to compare with at the end, as in: value > 10; an empty text is \"\"")
	case isQuote(s[0]):
		text, rest, err := cutQuoted(s)
		if err == nil && strings.TrimSpace(rest) != "" {
			err = tooMuch(rest)
		}
		return pipeline.String(text), err
	case s == "null":
		return pipeline.Null(), nil
	case s == "true", s == "false":
		return pipeline.Bool(s == "true"), nil
	}
	word, rest := s, ""
	if end := strings.IndexAny(s, space); end >= 0 {
		word, rest = s[:end], s[end:]
	}
	switch {
	case strings.ContainsAny(word, "=!<>\"'"):
		return pipeline.Null(), fmt.Errorf("can't read %s; a text with such characters stands in quotes", word)
	case rest != "":
		return pipeline.Null(), tooMuch(rest)
	case looksLikeNumber(word):
		return parseNumber(word)
	}
	return pipeline.String(word), nil
}

func tooMuch(rest string) error {
	return fmt.Errorf("there is more after the comparison: %s; a text of several words stands in quotes, and several comparisons are several filters", strings.TrimSpace(rest))
}

// looksLikeNumber tells numbers from words and from texts such as 2021-01-01
// and 007.
func looksLikeNumber(s string) bool {
	digits := strings.TrimLeft(s, "+-")
	if digits == "" || len(s)-len(digits) > 1 || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') {
		return false
	}
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return strings.Trim(digits, "0123456789.eE+-") == "" && !errors.Is(err, strconv.ErrSyntax)
}

// parseNumber reads an int if s is whole, else a float.
func parseNumber(s string) (pipeline.Value, error) {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return pipeline.Null(), fmt.Errorf("%s is too large for a float", s)
		}
		return pipeline.Float(f), nil
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return pipeline.Null(), fmt.Errorf("%s does not fit into an int of 64 bits; with a point it is a float", s)
	}
	return pipeline.Int(i), nil
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// cutQuoted cuts a quoted text from the front of s. In it, a quote stands
// there twice, as in SQL.
func cutQuoted(s string) (text, rest string, err error) {
	quote := s[:1]
	var b strings.Builder
	for s = s[1:]; ; s = s[1:] {
		before, after, found := strings.Cut(s, quote)
		if !found {
			return "", "", fmt.Errorf("a quote (%s) is not closed", quote)
		}
		b.WriteString(before)
		if !strings.HasPrefix(after, quote) {
			return b.String(), after, nil
		}
		b.WriteString(quote)
		s = after
	}
}
