package config

import (
	"fmt"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestCycle(t *testing.T) {
	for text, want := range map[string]string{
		"&a [*a]":                            "a",
		"a: &a {b: {c: *a}}":                 "a",
		"a: &a {<<: *a}":                     "a",
		"a: &a [1]\nb: [*a, *a]":             "",
		"a: &a [1]\nb: &b [*a]\nc: [*b, *a]": "",
		"a: &a {x: &b {y: 1}}\nb: [*b]":      "",
		"a: &a [&b [1], *b, [*b, [*a]]]":     "a",
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		got := ""
		if n := cycle(doc.Content[0], map[*yaml.Node]bool{}); n != nil {
			got = n.Value
		}
		if got != want {
			t.Errorf("%q: the alias %q, want %q", text, got, want)
		}
	}
}

// However often aliases name aliases, each is looked at once.
func TestManyAliases(t *testing.T) {
	text := "source: file\nsink: file\nextra:\n  - &a []\n"
	for range 60 {
		text += "  - &a [*a, *a]\n"
	}
	if _, err := Parse("x.yaml", []byte(text), nil); err == nil {
		t.Error("an unknown option is taken")
	}
}

func TestSetRefusesCycles(t *testing.T) {
	_, err := Parse("x.yaml", []byte(valid), []string{"source.file.names=[&a [*a]]"})
	want := "--set source.file.names=[&a [*a]]: the alias *a stands inside of what it names"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// An option is set at its path alone, wherever the text has it from.
func TestSetBesideAliases(t *testing.T) {
	const text = `source:
  file: &options {path: a, lines: 1}
sink:
  file: *options
dead_letter:
  <<: {file: {path: d, lines: 4}}
errors: {on_failure: dead_letter}
`
	for _, tc := range []struct{ override, source, sink, dead string }{
		{"source.file.path=x", "x 1", "a 1", "d 4"},
		{"sink.file.path=x", "a 1", "x 1", "d 4"},
		{"sink.file=", "a 1", " 0", "d 4"},
		{"dead_letter.file.path=x", "a 1", "a 1", "x 4"},
	} {
		p, err := Parse("x.yaml", []byte(text), []string{tc.override})
		if err != nil {
			t.Errorf("%s: %v", tc.override, err)
			continue
		}
		var got [3]string
		for i, options := range []any{p.Source.Options, p.Sink.Options, p.DeadLetter.Options} {
			o := options.(*fileOptions)
			got[i] = fmt.Sprint(o.Path, " ", o.Lines)
		}
		if want := [3]string{tc.source, tc.sink, tc.dead}; got != want {
			t.Errorf("%s: %q, want %q", tc.override, got, want)
		}
	}
}
