package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// apply changes the tree by the i-th override, PATH=VALUE. Its number, from 1,
// is the mark by which its mistakes are found again.
func apply(root pipeline.Node, i int, override string) error {
	mistake := func(format string, args ...any) error {
		return &pipeline.ConfigError{File: "--set " + override, Err: fmt.Errorf(format, args...)}
	}
	path, value, ok := strings.Cut(override, "=")
	names := strings.Split(path, ".")
	if !ok || slices.Contains(names, "") {
		return mistake("wants PATH=VALUE, such as source.csv.path=data.csv")
	}
	node, err := ParseValue(value)
	if err == nil {
		err = Set(root.YAML, names, node, i+1)
	}
	if err != nil {
		return mistake("%w", err)
	}
	return nil
}

// ParseValue reads the value of an option, typed as in YAML. Nothing is null,
// and - is standard input rather than a list.
func ParseValue(text string) (*yaml.Node, error) {
	if text == "-" {
		text = `"-"`
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, fmt.Errorf("the value is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
	if n := cycle(doc.Content[0], map[*yaml.Node]bool{}); n != nil {
		return nil, errCycle(n)
	}
	return doc.Content[0], nil
}

// Set sets an option of a pipeline: the value at a path of names, and of
// numbers from 0 in lists, made if need be. What it adds to the tree is marked:
// its line is 0, and its column the mark. Nothing else changes, also where
// aliases share a piece of the tree.
func Set(root *yaml.Node, path []string, value *yaml.Node, mark int) error {
	markAll(value, mark)
	unalias(root)
	for _, name := range path {
		next, err := descend(root, name, mark)
		if err != nil {
			return err
		}
		root = next
	}
	*root = *value
	return nil
}

func markAll(n *yaml.Node, mark int) {
	n.Line, n.Column = 0, mark
	for _, c := range n.Content {
		markAll(c, mark)
	}
}

// unalias replaces the aliases below n by copies of what they name.
func unalias(n *yaml.Node) {
	for i, c := range n.Content {
		if c.Kind == yaml.AliasNode {
			n.Content[i] = clone(c.Alias)
		}
		unalias(n.Content[i])
	}
}

func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = slices.Clone(n.Content)
	for i := range c.Content {
		c.Content[i] = clone(c.Content[i])
	}
	return &c
}

// descend returns the node of a name below n, made if need be.
func descend(n *yaml.Node, name string, mark int) (*yaml.Node, error) {
	switch {
	case n.Kind == yaml.SequenceNode:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(n.Content) {
			return nil, fmt.Errorf("%q is no element of a list of %d, counted from 0", name, len(n.Content))
		}
		return n.Content[i], nil
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Column: mark}
	case n.Kind == yaml.ScalarNode && n.Value == name: // a plugin named without options
		*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
	case n.Kind == yaml.ScalarNode:
		return nil, fmt.Errorf("there is nothing below %q; set the option above it as a whole", n.Value)
	}
	entries, _ := pipeline.Node{YAML: n}.Entries() // its mistakes are found when it is decoded
	for _, e := range entries {
		if e.Key.YAML.Value == name {
			return e.Value.YAML, nil
		}
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name, Column: mark}
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Column: mark}
	n.Content = append(n.Content, key, value)
	return value, nil
}
