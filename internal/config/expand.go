package config

import (
	"os"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// expand replaces ${NAME} and ${NAME:-default} in every scalar below n by the
// environment's variables. An unquoted scalar is typed anew; a quoted one
// stays a string. $${ stands for ${ itself.
func expand(n pipeline.Node) []error {
	if n.YAML.Kind != yaml.ScalarNode {
		var errs []error
		for _, c := range n.YAML.Content { // an alias has none: what it names is expanded where it stands
			errs = append(errs, expand(pipeline.Node{File: n.File, YAML: c})...)
		}
		return errs
	}
	if !strings.Contains(n.YAML.Value, "${") {
		return nil
	}
	text, errs := expandText(n)
	n.YAML.Value = text
	if n.YAML.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0 {
		n.YAML.Tag = (&yaml.Node{Kind: yaml.ScalarNode, Value: text}).ShortTag()
	}
	return errs
}

func expandText(n pipeline.Node) (string, []error) {
	var out strings.Builder
	var errs []error
	rest := n.YAML.Value
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			out.WriteString(rest)
			return out.String(), errs
		}
		if i > 0 && rest[i-1] == '$' {
			out.WriteString(rest[:i-1] + "${")
			rest = rest[i+2:]
			continue
		}
		out.WriteString(rest[:i])
		inside, after, closed := strings.Cut(rest[i+2:], "}")
		if !closed {
			return "", append(errs, n.Errorf("%q is not closed with }; for ${ itself write $${", rest[i:]))
		}
		rest = after
		name, fallback, hasFallback := strings.Cut(inside, ":-")
		value, set := os.LookupEnv(name)
		switch {
		case name == "":
			errs = append(errs, n.Errorf("${%s} names no variable", inside))
		case hasFallback && value == "":
			out.WriteString(fallback)
		case !set && !hasFallback:
			errs = append(errs, n.Errorf("the environment has no variable %s; set it, or write ${%s:-default}", name, name))
		default:
			out.WriteString(value)
		}
	}
}
