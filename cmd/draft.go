package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"gopkg.in/yaml.v3"
)

// draft is a pipeline that a command line describes: the YAML of a file, whose
// every node is marked with the flag, counted from 1, that it is from.
type draft struct {
	root  yaml.Node
	flags []flag
	errs  []error
	say   func(option, value string) string // how flags set an option of the source; nil: as in YAML
}

// flag is a flag or an argument as the user is told of it, and the dotted path
// of the option that it sets.
type flag struct{ text, option string }

// newDraft returns a draft of a pipeline of this name.
func newDraft(name string) *draft {
	d := &draft{root: yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}}
	d.set("", textNode(name), "name")
	return d
}

// set sets an option. The flag's text is empty if no flag asks for it.
func (d *draft) set(text string, value *yaml.Node, path ...string) {
	mark := 0
	if text != "" {
		d.flags = append(d.flags, flag{text, strings.Join(path, ".")})
		mark = len(d.flags)
	}
	if err := config.Set(&d.root, path, value, mark); err != nil {
		d.fail(text, err)
	}
}

func (d *draft) fail(flag string, err error) {
	d.errs = append(d.errs, &pipeline.ConfigError{File: flag, Err: err})
}

// override sets options that the user names by their paths, below a path that
// the flag implies.
func (d *draft) override(name, example string, settings []string, below ...string) {
	for _, setting := range settings {
		text := name + " " + setting
		path, value, ok := strings.Cut(setting, "=")
		names := strings.Split(path, ".")
		if !ok || slices.Contains(names, "") {
			d.fail(text, errors.New("wants "+example))
			continue
		}
		node, err := config.ParseValue(value)
		if err != nil {
			d.fail(text, err)
			continue
		}
		d.set(text, node, slices.Concat(below, names)...)
	}
}

// setKafka sets what the flags say of the connection of an end.
func (d *draft) setKafka(end, brokers string, settings []string) {
	if brokers != "" {
		list, err := parseBrokers(brokers)
		if err != nil {
			d.errs = append(d.errs, err)
		}
		d.set("--brokers "+brokers, textNodes(list), end, "kafka", "brokers")
	}
	d.override("--kafka", "KEY=VALUE, such as sasl.mechanism=PLAIN", settings, end, "kafka")
}

// setCodec sets the codec: the name of one, or avro=FILE.
func (d *draft) setCodec(codec string) {
	if codec == "" {
		return
	}
	flag := "--codec " + codec
	switch name, schema, ok := strings.Cut(codec, "="); {
	case !ok:
		d.set(flag, textNode(name), "codec")
	case name == "avro" && schema != "":
		d.set(flag, textNode(schema), "codec", name, "schema")
	default:
		d.fail(flag, errors.New("wants a codec, such as json, or avro=FILE"))
	}
}

// literal returns what stands for a text in YAML in which variables of the
// environment are expanded.
func literal(text string) string { return strings.ReplaceAll(text, "${", "$${") }

// textNode is a text as it is.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: literal(text)}
}

// textNodes is a list of strings, or the only one.
func textNodes(texts []string) *yaml.Node {
	if len(texts) == 1 {
		return textNode(texts[0])
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, text := range texts {
		list.Content = append(list.Content, textNode(text))
	}
	return list
}

// plan returns the checked plan and the YAML that it was made of. The error
// joins all mistakes, each in terms of its flag.
func (d *draft) plan() (*config.Plan, []byte, error) {
	if len(d.errs) > 0 {
		return nil, nil, errors.Join(d.errs...)
	}
	quoteOdd(&d.root)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(&d.root), e.Close()); err != nil {
		return nil, nil, fmt.Errorf("can't be written as YAML: %w", err)
	}
	plan, err := config.Parse("pipeline", b.Bytes(), nil)
	if err != nil {
		return nil, nil, d.explain(b.Bytes(), err)
	}
	plan.File, plan.SaySetting = "", d.say // there is no file to be named in advice
	return plan, b.Bytes(), nil
}

// quoteOdd has texts written in quotes that else would not come back as they
// are: of several lines, which yaml.v3 writes as a block, and <<.
func quoteOdd(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && (strings.ContainsAny(n.Value, "\r\n") || n.Value == "<<" && n.Tag == "!!str") {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		quoteOdd(c)
	}
}

// explain puts the mistakes in the YAML into terms of flags.
func (d *draft) explain(text []byte, err error) error {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil {
		return err
	}
	marks := map[place]int{}
	collect(marks, doc.Content[0], &d.root, 0)
	errs := pipeline.Flatten(err)
	for i, err := range errs {
		var c *pipeline.ConfigError
		if !errors.As(err, &c) {
			continue
		}
		mark := marks[place{c.Line, c.Column}]
		if mark == 0 {
			errs[i] = c.Err
			continue
		}
		flag := d.flags[mark-1]
		var f *pipeline.FieldError
		if errors.As(c.Err, &f) && strings.HasSuffix("."+flag.option, "."+f.Option) { // the flag says it
			c.Err = f.Err
		}
		errs[i] = &pipeline.ConfigError{File: flag.text, Err: c.Err}
	}
	return errors.Join(errs...)
}

type place struct{ line, column int }

// collect notes the marks of the nodes at all places of the text that was made
// of the marked tree, which has the same form. A key is its value's, since a
// later flag may have set that. A node without a mark is the one's above it.
func collect(marks map[place]int, text, marked *yaml.Node, above int) {
	mark := above
	if marked.Column > 0 {
		mark = marked.Column
	}
	marks[place{text.Line, text.Column}] = mark
	for i := range min(len(text.Content), len(marked.Content)) {
		child := marked.Content[i]
		if marked.Kind == yaml.MappingNode && i%2 == 0 {
			child = &yaml.Node{Column: marked.Content[i+1].Column}
		}
		collect(marks, text.Content[i], child, mark)
	}
}
