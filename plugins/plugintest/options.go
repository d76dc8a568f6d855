package plugintest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
)

// Mistake is a plugin's configuration and the mistakes in it, each of them
// "t.yaml:line:column: what", on a line of its own.
type Mistake struct{ Options, Want string }

// Mistakes binds plugins, by one of package pipeline's Bind functions, and
// compares the errors.
func Mistakes[T any](t *testing.T, bind func(pipeline.Node) (*pipeline.Bound[T], error), cases []Mistake) {
	for _, c := range cases {
		t.Run(c.Options, func(t *testing.T) {
			_, err := bind(Node(t, c.Options))
			if err == nil {
				t.Fatalf("is accepted, want\n%s", c.Want)
			}
			if diff := cmp.Diff(c.Want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// checkOptions checks that a plugin describes itself and its options, and that
// it takes no others.
func checkOptions[T any](t *testing.T, kind string, bind binder[T], options string) {
	plugin := described(t, kind, nameIn(Node(t, options)))
	if plugin.Doc == "" {
		t.Errorf(`%s %s has no doc; give its options the field  _ struct{} doc:"…"`, kind, plugin.Name)
	}
	checkExample(t, plugin, bind)
	checkDocs(t, "", plugin.Options)

	_, err := bind(withUnknown(Node(t, options), plugin))
	var mistake *pipeline.ConfigError
	switch {
	case !errors.As(err, &mistake) || mistake.Line != unknownLine:
		t.Errorf("options that make no sense: got %v, want an error with the place t.yaml:%d", err, unknownLine)
	case !isWhole(plugin) && !strings.Contains(mistake.Err.Error(), "unknown option"):
		t.Errorf("an unknown option: got %v", err)
	}
}

// checkExample checks that the plugin's example is one of it.
func checkExample[T any](t *testing.T, plugin pipeline.Plugin, bind binder[T]) {
	if plugin.Example == "" {
		t.Errorf(`%s %s has no example; give the field  _ struct{}  of its options another tag: example:"%s: {…}"`, plugin.Kind, plugin.Name, plugin.Name)
		return
	}
	if bound, err := bind(Node(t, plugin.Example)); err != nil || bound.Name != plugin.Name {
		t.Errorf("the example %q is not a valid %s %s: %v", plugin.Example, plugin.Kind, plugin.Name, err)
	}
}

func checkDocs(t *testing.T, above string, options []pipeline.Option) {
	for _, o := range options {
		if o.Doc == "" {
			t.Errorf("option %q has no doc", above+o.Name)
		}
		checkDocs(t, above+o.Name+".", o.Options)
	}
}

func described(t *testing.T, kind, name string) pipeline.Plugin {
	for _, p := range pipeline.Plugins() {
		if p.Kind == kind && p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no %s %q: import its package, and have its init register it", kind, name)
	return pipeline.Plugin{}
}

// nameIn returns the plugin's name in {name: options}, or the name alone.
func nameIn(n pipeline.Node) string {
	if n.YAML.Kind == yaml.MappingNode {
		return n.YAML.Content[0].Value
	}
	return n.YAML.Value
}

// isWhole reports whether a plugin has no named options but is one value.
func isWhole(p pipeline.Plugin) bool { return len(p.Options) == 1 && p.Options[0].Name == "" }

const unknownLine = 7

// withUnknown returns n with an option that no plugin has; one that is a
// single value becomes a list within a list, which none is.
func withUnknown(n pipeline.Node, p pipeline.Plugin) pipeline.Node {
	scalar := func(text string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: unknownLine, Column: 3}
	}
	options := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: unknownLine, Column: 1}
	if n.YAML.Kind == yaml.MappingNode && n.YAML.Content[1].Kind == yaml.MappingNode {
		options.Content = n.YAML.Content[1].Content
	}
	options.Content = append(options.Content, scalar("no_such_option"), scalar("x"))
	if isWhole(p) {
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: unknownLine, Column: 2}
		options = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: unknownLine, Column: 1, Content: []*yaml.Node{list}}
	}
	return n.At(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1, Content: []*yaml.Node{scalar(p.Name), options}})
}
