package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// rich has an option of every kind.
type rich struct {
	_          struct{} `doc:"A plugin for tests."`
	Connection `yaml:",inline"`
	String     string            `yaml:"string" doc:"text"`
	Wait       time.Duration     `yaml:"wait" doc:"how long"`
	Int        int               `yaml:"int" doc:"how many"`
	Small      int8              `yaml:"small" doc:"how few"`
	Float      float64           `yaml:"float" doc:"how much"`
	Bool       bool              `yaml:"bool" doc:"whether"`
	Size       ByteSize          `yaml:"size" doc:"how large"`
	Pointer    *int              `yaml:"pointer" doc:"maybe"`
	Deep       *deep             `yaml:"deep" doc:"more"`
	List       []string          `yaml:"list" doc:"texts"`
	Lists      [][]deep          `yaml:"lists" doc:"more of it"`
	Pairs      Pairs[Pairs[int]] `yaml:"pairs" doc:"by name"`
	Any        Value             `yaml:"any" doc:"anything"`
	Whole      []names           `yaml:"whole" doc:"lists of names"`
	Source     *Bound[Source]    `yaml:"source" doc:"a plugin"`
	Codec      []*Bound[Codec]   `yaml:"codecs" doc:"plugins"`
}

type deep struct {
	Int  int `yaml:"int" doc:"how many"`
	Deep *struct {
		Int int `yaml:"int" doc:"how many"`
	} `yaml:"deep" doc:"more"`
}

func (r *rich) Validate() error {
	if r.Int < 0 {
		return errors.Join(&FieldError{"int", errors.New("is negative")}, &FieldError{"deep.deep.int", errors.New("no matter")}, errors.New("without a place"))
	}
	return nil
}

func init() {
	RegisterSource("fuzzed", rich{}, func(context.Context, Env, rich) (Source, error) { return nil, nil })
	RegisterCodec("fuzzed", rich{}, func(context.Context, Env, rich) (Codec, error) { return nil, nil })
}

// Whatever the text: every mistake has its place, and what is decoded once is
// decoded alike once more.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		"{string: a, wait: 1s, int: 1, small: 1, float: .inf, bool: true, size: 1KiB, pointer: 1, list: [a], lists: [[{int: 1}]]}",
		"pairs: {a: {b: 1}}\nany: [1, 1.5, a, ~, {b: !!binary aGk=}, 2021-01-01, 0x1f, 99999999999999999999, !!float 5]",
		"whole: [a, [b, c]]\nsource: fuzzed\ncodecs: [fuzzed, {fuzzed: {int: -1}}, nothing]",
		"int: -1\ndeep: &d {int: -1, deep: {int: -1}}\nlists: [[*d]]\n<<: [{int: 2}, {<<: {int: 3}, bool: no}]",
		"<<: x\n<<: ~\n? [a]\n: b\n? {}\n: c\nint: !!str 5\nstring: !!int 5\nbool: !!bool maybe\nsmall: 300",
		"tls:\nint:\npointer:\ndeep:\nsource:\nany:\nlist:\npairs:\nwhole:",
		"a: &a [1]\n*a : b\n&k int: 1\n*k : 2",
		strings.Repeat("source: {fuzzed: {", 100) + strings.Repeat("}", 200),
		"any: " + strings.Repeat("[", 100) + strings.Repeat("]", 100),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var doc yaml.Node
		if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 || leadsBack(&doc) {
			return
		}
		n := Node{"t.yaml", doc.Content[0]}
		var first, second rich
		err := n.Decode(&first)
		for _, err := range Flatten(err) {
			var c *ConfigError
			if !errors.As(err, &c) || c.File != "t.yaml" || c.Line < 1 || c.Column < 1 {
				t.Errorf("%q: a mistake without a place: %v", text, err)
			} else if strings.HasPrefix(c.Err.Error(), "yaml: ") {
				t.Errorf("%q: a mistake in the parser's words: %v", text, err)
			}
		}
		if again := n.Decode(&second); fmt.Sprint(again) != fmt.Sprint(err) || fmt.Sprint(first.Any, first.Pairs) != fmt.Sprint(second.Any, second.Pairs) {
			t.Errorf("%q: %v, then %v", text, err, again)
		}
	})
}

// leadsBack reports whether an alias stands inside of what it names, or aliases
// multiply without end: configurations are checked for that beforehand.
func leadsBack(doc *yaml.Node) bool {
	var v any
	err := doc.Decode(&v)
	return err != nil && (strings.Contains(err.Error(), "contains itself") || strings.Contains(err.Error(), "excessive aliasing"))
}
