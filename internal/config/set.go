package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// apply changes the tree by an override PATH=VALUE: the dotted path of an
// option, its elements of lists by number from 0, and a value typed as in
// YAML. What it adds has line 0, and its own number (from 1) as column, by
// which its mistakes are found again.
func apply(root pipeline.Node, i int, override string) error {
	mistake := func(format string, args ...any) error {
		return &pipeline.ConfigError{File: "--set " + override, Err: fmt.Errorf(format, args...)}
	}
	path, text, ok := strings.Cut(override, "=")
	if !ok || path == "" {
		return mistake("wants PATH=VALUE, such as source.csv.path=data.csv")
	}
	if text == "-" { // standard input, not a list
		text = `"-"`
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return mistake("the value is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	if len(doc.Content) > 0 {
		value = doc.Content[0]
	}
	mark(value, i+1)
	n := root.YAML
	for part := range strings.SplitSeq(path, ".") {
		next, err := descend(n, part, i+1)
		if err != nil {
			return mistake("%w", err)
		}
		n = next
	}
	*n = *value
	return nil
}

func mark(n *yaml.Node, column int) {
	n.Line, n.Column = 0, column
	for _, c := range n.Content {
		mark(c, column)
	}
}

// descend returns the node of a name below n, made if need be.
func descend(n *yaml.Node, name string, column int) (*yaml.Node, error) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n.Kind == yaml.SequenceNode:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(n.Content) {
			return nil, fmt.Errorf("%q is no element of a list of %d, counted from 0", name, len(n.Content))
		}
		return n.Content[i], nil
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Column: column}
	case n.Kind == yaml.ScalarNode && n.Value == name: // a plugin named without options
		*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
	case n.Kind == yaml.ScalarNode:
		return nil, fmt.Errorf("there is nothing below %q; set the option above it as a whole", n.Value)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1], nil
		}
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name, Column: column}
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Column: column}
	n.Content = append(n.Content, key, value)
	return value, nil
}
