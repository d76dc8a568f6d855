package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// override is an option that the user sets beside the file:
// [PIPELINE:]PATH=VALUE.
type override struct {
	text     string
	pipeline string // empty: every one
	path     []string
	value    string
}

func (o override) mistake(err error) error {
	return &pipeline.ConfigError{File: "--set " + o.text, Err: err}
}

// parseOverride reads an override. What stands before a colon is a pipeline,
// unless the text begins with a top-level key: it is a path then, and the
// colon belongs to a name in it.
func parseOverride(text string) (override, error) {
	o := override{text: text}
	path, value, ok := strings.Cut(text, "=")
	if first, _, _ := strings.Cut(path, "."); !slices.Contains(topLevel, first) {
		if name, rest, isPrefix := strings.Cut(path, ":"); isPrefix {
			if o.pipeline, path = name, rest; name == "" {
				ok = false
			}
		}
	}
	o.path, o.value = strings.Split(path, "."), value
	if !ok || slices.Contains(o.path, "") {
		return o, o.mistake(errors.New("wants PATH=VALUE, such as source.csv.path=data.csv, or PIPELINE:PATH=VALUE"))
	}
	return o, nil
}

// topLevel are the keys with which a path can begin.
var topLevel = topLevelKeys()

func topLevelKeys() []string {
	var keys []string
	for _, option := range pipeline.DescribeOptions(Plan{}) {
		keys = append(keys, option.Name)
	}
	return keys
}

// apply changes the tree by an override. Its mark is how its mistakes are found
// again.
func (o override) apply(root pipeline.Node, mark int) error {
	value, err := ParseValue(o.value)
	if err == nil {
		err = expandValue(value)
	}
	if err == nil {
		err = Set(root.YAML, o.path, value, mark)
	}
	if err != nil {
		return o.mistake(err)
	}
	return nil
}

// expandValue expands the environment's variables, as in a file.
func expandValue(value *yaml.Node) error {
	errs := expand(pipeline.Node{YAML: value})
	for i, err := range errs { // the place is not one in a file
		var c *pipeline.ConfigError
		if errors.As(err, &c) {
			errs[i] = c.Err
		}
	}
	return errors.Join(errs...)
}

// ParseValue reads the value of an option as someone means it who types it in
// a shell: as YAML, of which nothing at all is null, but where it is no YAML,
// or uses what is for files only (comments, aliases, anchors, tags, blocks), as
// text. What begins with { or [ must be YAML.
func ParseValue(text string) (*yaml.Node, error) {
	if text == "" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
	plain := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	isFlow := strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
	var doc yaml.Node
	err := yaml.Unmarshal([]byte(text), &doc)
	switch {
	case isFlow && (err != nil || !strings.ContainsAny(text[len(text)-1:], "}]")): // what comes after it, yaml.v3 overlooks
		return nil, fmt.Errorf(`the value is not YAML%s; if it is a text, quote it twice: '"…"'`, yamlReason(err))
	case err != nil || len(doc.Content) == 0 || !isFlow && isForFiles(doc.Content[0], text):
		return plain, nil
	}
	if n := cycle(doc.Content[0], map[*yaml.Node]bool{}); n != nil {
		return nil, errCycle(n)
	}
	return doc.Content[0], nil
}

func yamlReason(err error) string {
	if err == nil {
		return ""
	}
	return ": " + yamlPrefix.ReplaceAllString(err.Error(), "")
}

// isForFiles reports whether a text that is YAML by chance is better taken as
// it is.
func isForFiles(n *yaml.Node, text string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&(yaml.TaggedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return true
	case n.Kind == yaml.ScalarNode && n.Style == 0:
		return n.Value != strings.TrimSpace(text) // a comment, or a mark of a document
	case n.Kind != yaml.ScalarNode: // "-", ":" or "?"
		return len(n.Content) > 0 && n.Content[0].Tag == "!!null"
	}
	return false
}

// Set sets an option of a pipeline: the value at a path of names, and of
// numbers from 0 in lists, made if need be. What it adds to the tree is marked:
// its line is 0, and its column the mark. Nothing else changes, also where
// aliases share a piece of the tree.
func Set(root *yaml.Node, path []string, value *yaml.Node, mark int) error {
	markAll(value, mark)
	unalias(root)
	for i, name := range path {
		if _, err := strconv.Atoi(name); err == nil && i == 1 && path[0] == "transforms" && root.Kind != yaml.SequenceNode {
			return fmt.Errorf("%q is for a list, and there is none; set it as a whole, as in  transforms=[filter: value > 10]", name)
		}
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
