package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// Loaded is what has become of a file: a plan, or else an error that joins a
// pipeline.ConfigError for every mistake.
type Loaded struct {
	File string
	Plan *Plan
	Err  error
}

// Load reads pipelines that are to run side by side and checks them, each with
// the overrides applied. An override, [PIPELINE:]PATH=VALUE, sets the option at
// a path as Set does, of one pipeline or of all. The error joins all mistakes,
// in order; those in overrides once, not for every file.
func Load(files, overrides []string) ([]*Plan, error) { return Plans(LoadEach(files, overrides)) }

// LoadEach is Load that tells of each file.
func LoadEach(files, overrides []string) []Loaded {
	loaded := make([]Loaded, len(files))
	parsed, mistakes := parseOverrides(overrides)
	byName := map[string]string{} // the file
	for i, file := range files {
		l := &loaded[i]
		l.File = file
		name := nameOfFile(file)
		if text, err := os.ReadFile(file); err != nil {
			l.Err = readError(file, err)
		} else if isData(file) {
			l.Err = fmt.Errorf("%s: is data, and a pipeline is YAML; to replay a CSV, see  pipeline replay --help", file)
		} else {
			l.Plan, name, l.Err = parse(file, text, parsed)
		}
		if other, taken := byName[name]; taken && other == file {
			l.Plan, l.Err = nil, fmt.Errorf("%s is named twice", file)
		} else if taken && l.Plan != nil {
			l.Plan, l.Err = nil, &pipeline.ConfigError{File: file, Line: 1, Column: 1,
				Err: fmt.Errorf("is named %q, as is %s; set name: in one of them", name, other)}
		}
		byName[name] = file
	}
	for _, o := range parsed {
		if _, known := byName[o.pipeline]; !known && o.pipeline != "" {
			mistakes = append(mistakes, o.mistake(fmt.Errorf("no pipeline is named %q; there are %s",
				o.pipeline, strings.Join(slices.Sorted(maps.Keys(byName)), ", "))))
		}
	}
	if len(mistakes) > 0 && len(loaded) > 0 {
		loaded[0].Plan, loaded[0].Err = nil, errors.Join(append(mistakes, loaded[0].Err)...)
	}
	return loaded
}

// Plans returns the plans of files that were loaded, and their joined error.
func Plans(loaded []Loaded) ([]*Plan, error) {
	var plans []*Plan
	var errs []error
	seen := map[string]bool{}
	for _, l := range loaded {
		for _, err := range pipeline.Flatten(l.Err) {
			if text := err.Error(); !seen[text] {
				seen[text] = true
				errs = append(errs, err)
			}
		}
		if l.Plan != nil {
			plans = append(plans, l.Plan)
		}
	}
	return plans, errors.Join(errs...)
}

func parseOverrides(texts []string) (parsed []override, mistakes []error) {
	for _, text := range texts {
		if o, err := parseOverride(text); err != nil {
			mistakes = append(mistakes, err)
		} else {
			parsed = append(parsed, o)
		}
	}
	return parsed, mistakes
}

// nameOfFile is the name of a pipeline whose file gives it none.
func nameOfFile(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

func readError(file string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &pipeline.ConfigError{File: file, Err: fmt.Errorf("can't read the pipeline: %w", err)}
}

// Parse checks the text of one pipeline, with the overrides applied.
func Parse(file string, text []byte, overrides []string) (*Plan, error) {
	parsed, mistakes := parseOverrides(overrides)
	plan, _, err := parse(file, text, parsed)
	if err := errors.Join(append(mistakes, err)...); err != nil {
		return nil, err
	}
	return plan, nil
}

// parse checks the text of one pipeline. Its name is returned also if there are
// mistakes.
func parse(file string, text []byte, overrides []override) (plan *Plan, name string, err error) {
	name = nameOfFile(file)
	root, err := document(file, text)
	if err != nil {
		return nil, name, err
	}
	errs := expand(root)
	name = nameIn(root, name)
	for i, o := range overrides {
		if o.pipeline == "" || o.pipeline == name {
			errs = append(errs, o.apply(root, i+1))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, name, sorted(err, overrides)
	}
	plan = &Plan{Name: nameOfFile(file), File: file, Errors: defaultErrors, Workers: defaultWorkers}
	if err := root.Decode(plan); err != nil {
		return nil, name, sorted(err, overrides)
	}
	plan.endInHandler()
	if err := plan.bindCodecs(plan.fallbackCodec(root)); err != nil {
		return nil, name, root.Locate(err)
	}
	if err := errors.Join(plan.tellTopics(), plan.checkFiles()); err != nil {
		return nil, name, sorted(err, overrides)
	}
	return plan, plan.Name, nil
}

// isData reports whether a file is named as data is, and no pipeline.
func isData(file string) bool {
	name := strings.ToLower(file)
	for _, compressed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, compressed)
	}
	return slices.Contains([]string{".csv", ".tsv", ".jsonl", ".ndjson"}, filepath.Ext(name))
}

// nameIn returns the name that a document gives its pipeline, or the other one.
func nameIn(root pipeline.Node, other string) string {
	entries, _ := root.Entries()
	for _, e := range entries {
		if e.Key.YAML.Value == "name" && e.Value.YAML.Kind == yaml.ScalarNode {
			return e.Value.YAML.Value
		}
	}
	return other
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
		return pipeline.Node{}, syntaxError(file, text, yamlPrefix.ReplaceAllString(err.Error(), ""))
	}
	if dec.Decode(&more) != io.EOF {
		return pipeline.Node{}, at(cmp.Or(more.Line, 1), "holds more than one document; write one pipeline per file")
	}
	if n := cycle(doc.Content[0], map[*yaml.Node]bool{}); n != nil {
		return pipeline.Node{}, at(n.Line, "%w", errCycle(n))
	}
	return pipeline.Node{File: file, YAML: doc.Content[0]}, nil
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
func sorted(err error, overrides []override) error {
	errs := pipeline.Flatten(err)
	for i, err := range errs {
		var c *pipeline.ConfigError
		if errors.As(err, &c) && c.Line == 0 && c.Column > 0 {
			errs[i] = overrides[c.Column-1].mistake(c.Err)
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
