package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSyntaxMistakesHaveTheirLine(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"source: file\nsink: file\n}", "x.yaml:3:1: is not YAML: did not find expected key"},
		{"source: file\nsink: file\npace: {speed: 1", "x.yaml:3:1: is not YAML: did not find expected ',' or '}'"},
		{"source: file\nsink: file\npace: {speed: 1]\nname: x", "x.yaml:3:1: is not YAML: did not find expected ',' or '}'"},
		{"source: file\nsink:\n  file:\n    path: a\n   lines: 1\n", "x.yaml:5:1: is not YAML: did not find expected key"},
		{"source: file\nsink:\n  - a\n b: c\n", "x.yaml:4:1: is not YAML: did not find expected key"},
		{"source: file\nsink: \"abc\nname: x\n", "x.yaml:2:1: is not YAML: found unexpected end of stream"},
		{"source: file\nsink: file\n\tpace: {}\n", "x.yaml:3:1: is not YAML: the line is indented with a tab; use spaces"},
		{"source:\n  \tfile: x\nsink: file\n", "x.yaml:2:3: is not YAML: the line is indented with a tab; use spaces"},
		{"source:\n  csv: {path: ${X}}\nsink: file\n", `x.yaml:2:15: is not YAML: ${X} in braces wants quotes, "${X}", or a line of its own`},
		{"source:\n  csv: {path: a, timestamp: ${X:-t}}\n", `x.yaml:2:29: is not YAML: ${X:-t} in braces wants quotes, "${X:-t}", or a line of its own`},
		{"source: file\nname: a: b\nsink: file", "x.yaml:2:1: is not YAML: mapping values are not allowed in this context"},
		{"source: file\nsink: *missing\n", "x.yaml:2:1: is not YAML: unknown anchor 'missing' referenced"},
		{"\x00", "x.yaml:1:1: is not YAML: control characters are not allowed"},
		{"{", "x.yaml:1:1: is not YAML: did not find expected node content"},
	} {
		_, err := Parse("x.yaml", []byte(tc.text), nil)
		if err == nil {
			t.Errorf("%q: no mistake found in it", tc.text)
			continue
		}
		if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
			t.Errorf("%q: %s", tc.text, diff)
		}
	}
}

func TestSetWantsAName(t *testing.T) {
	for _, override := range []string{"source..path=x", ".source=x", "source.=x"} {
		_, err := Parse("x.yaml", []byte(valid), []string{override})
		want := "--set " + override + ": wants PATH=VALUE, such as source.csv.path=data.csv, or PIPELINE:PATH=VALUE"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
