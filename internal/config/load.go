package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// Load reads pipelines and checks them, each with the overrides applied: see
// Set. The error joins a pipeline.ConfigError for every mistake in any of the
// files, in order.
func Load(files []string, overrides []string) ([]*Plan, error) {
	var plans []*Plan
	var errs []error
	byName := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, readError(file, err))
			continue
		}
		plan, err := Parse(file, text, overrides)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other, taken := byName[plan.Name]; taken {
			errs = append(errs, &pipeline.ConfigError{File: file, Line: 1, Column: 1,
				Err: fmt.Errorf("is named %q, as is %s; set name: in one of them", plan.Name, other)})
		}
		byName[plan.Name] = file
		plans = append(plans, plan)
	}
	return plans, errors.Join(errs...)
}

func readError(file string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &pipeline.ConfigError{File: file, Err: fmt.Errorf("can't read the pipeline: %w", err)}
}

// Parse checks the text of one pipeline.
func Parse(file string, text []byte, overrides []string) (*Plan, error) {
	root, err := document(file, text)
	if err != nil {
		return nil, err
	}
	errs := expand(root)
	for i, override := range overrides {
		errs = append(errs, apply(root, i, override))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, sorted(err, overrides)
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	plan := &Plan{Name: name, File: file, Errors: defaultErrors}
	if err := root.Decode(plan); err != nil {
		return nil, sorted(err, overrides)
	}
	if err := plan.bindCodecs(plan.fallbackCodec(root)); err != nil {
		return nil, root.Locate(err)
	}
	if err := plan.checkFiles(); err != nil {
		return nil, sorted(err, overrides)
	}
	return plan, nil
}

// fallbackCodec is json, where it is compiled in.
func (p *Plan) fallbackCodec(root pipeline.Node) *pipeline.Bound[pipeline.Codec] {
	name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "json", Line: root.YAML.Line, Column: root.YAML.Column}
	codec, _ := pipeline.BindCodec(pipeline.Node{File: p.File, YAML: name})
	return codec
}

var yamlPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

func document(file string, text []byte) (pipeline.Node, error) {
	at := func(line int, format string, args ...any) error {
		return &pipeline.ConfigError{File: file, Line: line, Column: 1, Err: fmt.Errorf(format, args...)}
	}
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case err == io.EOF || err == nil && doc.Content[0].Tag == "!!null":
		return pipeline.Node{}, at(1, "the file is empty; a pipeline needs source: and sink:")
	case err != nil:
		return pipeline.Node{}, at(brokenLine(text), "is not YAML: %s", yamlPrefix.ReplaceAllString(err.Error(), ""))
	}
	if dec.Decode(&more) != io.EOF {
		return pipeline.Node{}, at(cmp.Or(more.Line, 1), "holds more than one document; write one pipeline per file")
	}
	if n := cycle(doc.Content[0], map[*yaml.Node]bool{}); n != nil {
		return pipeline.Node{}, at(n.Line, "%w", errCycle(n))
	}
	return pipeline.Node{File: file, YAML: doc.Content[0]}, nil
}

// brokenLine returns the line after the longest run of lines that is YAML. The
// parser itself tells the line before, or the one where the mapping or list
// around it begins, or none.
func brokenLine(text []byte) int {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		text = text[:len(text)-len(lines[n])]
		if yaml.Unmarshal(text, new(yaml.Node)) == nil {
			return n + 1
		}
	}
	return 1
}

// cycle returns an alias below n that leads back to a node it is in. inside
// holds the nodes that were looked at, and whether n is inside of them.
func cycle(n *yaml.Node, inside map[*yaml.Node]bool) *yaml.Node {
	below := n.Content
	if n.Kind == yaml.AliasNode {
		if inside[n.Alias] {
			return n
		}
		below = []*yaml.Node{n.Alias}
	}
	inside[n] = true
	for _, c := range below {
		if _, known := inside[c]; known {
			continue
		}
		if found := cycle(c, inside); found != nil {
			return found
		}
	}
	inside[n] = false
	return nil
}

func errCycle(alias *yaml.Node) error {
	return fmt.Errorf("the alias *%s stands inside of what it names", alias.Value)
}

// sorted puts mistakes into the order in which they stand in the file, and
// names the override in which one stands.
func sorted(err error, overrides []string) error {
	errs := pipeline.Flatten(err)
	for i, err := range errs {
		var c *pipeline.ConfigError
		if errors.As(err, &c) && c.Line == 0 && c.Column > 0 {
			errs[i] = &pipeline.ConfigError{File: "--set " + overrides[c.Column-1], Err: c.Err}
		}
	}
	slices.SortStableFunc(errs, func(a, b error) int {
		var p, q *pipeline.ConfigError
		if !errors.As(a, &p) || !errors.As(b, &q) {
			return 0
		}
		return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
	})
	return errors.Join(errs...)
}
