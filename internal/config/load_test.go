package config

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
)

type fileOptions struct {
	Path  string   `yaml:"path"`
	Lines int      `yaml:"lines"`
	Names []string `yaml:"names"`
}

type topicOptions struct {
	pipeline.CodecOption `yaml:",inline"`
	Topic                string `yaml:"topic"`
	Key                  string `yaml:"key"`
}

func (o *topicOptions) UsesValue() bool { return o.Key != "" }

type codecOptions struct {
	Style string `yaml:"style"`
}

func init() {
	pipeline.RegisterSource("file", fileOptions{}, func(context.Context, pipeline.Env, fileOptions) (pipeline.Source, error) { return nil, nil })
	pipeline.RegisterSource("topic", topicOptions{}, func(context.Context, pipeline.Env, topicOptions) (pipeline.Source, error) { return nil, nil })
	pipeline.RegisterSink("file", fileOptions{}, func(context.Context, pipeline.Env, fileOptions) (pipeline.Sink, error) { return nil, nil })
	pipeline.RegisterSink("topic", topicOptions{}, func(context.Context, pipeline.Env, topicOptions) (pipeline.Sink, error) { return nil, nil })
	pipeline.RegisterTransform("noop", fileOptions{}, func(context.Context, pipeline.Env, fileOptions) (pipeline.Transform, error) { return nil, nil })
	for _, name := range []string{"json", "other"} {
		pipeline.RegisterCodec(name, codecOptions{}, func(context.Context, pipeline.Env, codecOptions) (pipeline.Codec, error) { return nil, nil })
	}
}

const valid = `name: replay
source:
  file: {path: a.csv}
pace: {speed: 10}
transforms:
  - noop
sink:
  topic: {topic: t}
codec: json
errors: {retries: 5, backoff: {initial: 1s, max: 1m}, on_failure: dead_letter}
dead_letter:
  file: {path: rejected.jsonl}
`

func TestParse(t *testing.T) {
	p, err := Parse("p/x.yaml", []byte(valid), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "replay" || p.Pace.Speed != 10 || p.Errors.Retries != 5 || len(p.Transforms) != 1 || p.Encode.Name != "json" || p.Decode != nil {
		t.Errorf("%+v", p)
	}
	p, err = Parse("p/x.yaml", []byte("source: file\nsink: file\npace: {}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "x" || p.Pace.Speed != 1 || p.Errors != defaultErrors || p.Encode != nil {
		t.Errorf("defaults: %+v", p)
	}
}

func TestMistakes(t *testing.T) {
	t.Setenv("SET", "5")
	for _, tc := range []struct{ text, want string }{
		{"", "x.yaml:1:1: the file is empty; a pipeline needs source: and sink:"},
		{"# nothing\n", "x.yaml:1:1: the file is empty; a pipeline needs source: and sink:"},
		{"a: b: c", "x.yaml:1:1: is not YAML: mapping values are not allowed in this context"},
		{"source: file\nsink: [", "x.yaml:2:1: is not YAML: did not find expected node content"},
		{"source: file\nsink: file\n---\nsource: file", "x.yaml:3:1: holds more than one document; write one pipeline per file"},
		{"source: file\nsink:\n  &a [*a]", "x.yaml:3:1: the alias *a stands inside of what it names"},
		{"- a", "x.yaml:1:1: wants a mapping (name: value), not a list"},
		{"pace: {speed: 1}", "x.yaml:1:1: source: a pipeline needs one, such as  source: {csv: {path: data.csv}}\n" +
			"x.yaml:1:1: sink: a pipeline needs one, such as  sink: print"},
		{"source: file\nsink: file\npace: {speed: 0}\nerrors: {retries: -1, on_failure: explode}",
			"x.yaml:3:8: speed: wants a number above 0, not 0; for as fast as possible leave pace out\n" +
				"x.yaml:4:10: retries: wants 0 or more, not -1\n" +
				"x.yaml:4:23: on_failure: wants stop, skip or dead_letter, not \"explode\""},
		{"source: file\nsink: file\npace: {speed: .nan}", "x.yaml:3:8: speed: wants a number above 0, not NaN; for as fast as possible leave pace out"},
		{"source: file\nsink: file\npace: {speed: .inf}", "x.yaml:3:8: speed: wants a number above 0, not +Inf; for as fast as possible leave pace out"},
		{"source: file\nsink: file\nerrors: {on_failure: dead_letter}",
			"x.yaml:3:10: errors.on_failure: dead_letter needs a place for them, such as  dead_letter: {file: {path: rejected.jsonl, mode: append}}"},
		{"source: file\nsink: file\ndead_letter: file", "x.yaml:3:1: dead_letter: is used only with  errors: {on_failure: dead_letter}"},
		{"source: file\ntransforms:\n-\nsink: file", "x.yaml:3:2: wants a value, not nothing"},
		{"name: a b\nsource: file\nsink: file", "x.yaml:1:1: name: wants letters, digits, dots, dashes and underscores, a letter or digit first, not \"a b\""},
		{"source: {fil: {}}\nerrors: {on_failure: dead_letter}", "x.yaml:1:1: sink: a pipeline needs one, such as  sink: print\n" +
			"x.yaml:1:10: unknown source \"fil\"; did you mean \"file\"?\n" +
			"x.yaml:2:10: errors.on_failure: dead_letter needs a place for them, such as  dead_letter: {file: {path: rejected.jsonl, mode: append}}"},
		// Everything at once, in the order of the file.
		{"source:\n  fil: {}\npase: {}\ntransforms:\n  - nop\n  - noop: {lines: x}\nsink:\n  file: {pth: 1, lines: y, path: '${MISSING:-z}'}\n",
			"x.yaml:2:3: unknown source \"fil\"; did you mean \"file\"?\n" +
				"x.yaml:3:1: unknown option \"pase\"; did you mean \"pace\"?\n" +
				"x.yaml:5:5: unknown transform \"nop\"; did you mean \"noop\"?\n" +
				"x.yaml:6:19: wants a whole number, not \"x\"\n" +
				"x.yaml:8:10: unknown option \"pth\"; did you mean \"path\"?\n" +
				"x.yaml:8:25: wants a whole number, not \"y\""},
		{"source:\n  file:\n    path: \"${MISSING}\"\n    lines: ${ALSO_MISSING}\nsink: file",
			"x.yaml:3:11: the environment has no variable MISSING; set it, or write ${MISSING:-default}\n" +
				"x.yaml:4:12: the environment has no variable ALSO_MISSING; set it, or write ${ALSO_MISSING:-default}"},
		{"source: {file: {lines: \"${SET}\"}}\nsink: file", "x.yaml:1:24: wants a whole number, not the text \"5\""},
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

func TestExpand(t *testing.T) {
	t.Setenv("NUMBER", "5")
	t.Setenv("EMPTY", "")
	for text, want := range map[string]fileOptions{
		"\n    lines: ${NUMBER}\n    path: '${NUMBER}'":  {Lines: 5, Path: "5"},
		"{path: 'a${NUMBER}b${NUMBER}c'}":                {Path: "a5b5c"},
		"{path: '${EMPTY:-x}${MISSING:-y}${MISSING:-}'}": {Path: "xy"},
		"{path: '${EMPTY}z'}":                            {Path: "z"},
		"{path: '$${NUMBER} costs $5 {} }'}":             {Path: "${NUMBER} costs $5 {} }"},
		"{names: [&n '${NUMBER}', *n]}":                  {Names: []string{"5", "5"}},
	} {
		p, err := Parse("x.yaml", []byte("source:\n  file: "+text+"\nsink: file"), nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(&want, p.Source.Options); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestSet(t *testing.T) {
	for _, tc := range []struct {
		overrides []string
		want      string // the source's options, or the mistake
	}{
		{[]string{"source.file.path=b.csv"}, "b.csv 0"},
		{[]string{"source.file.lines=7", "source.file.path='8'"}, "8 7"},
		{[]string{"source={file: {path: c.csv}}"}, "c.csv 0"},
		{[]string{"transforms.0.noop.lines=3"}, "a.csv 0"},
		{[]string{"dead_letter.file.path=x", "pace.speed=2.5"}, "a.csv 0"},
		{[]string{"source.file.path=-"}, "- 0"},
		{[]string{"errors.on_failure=skip", "dead_letter="}, "a.csv 0"},
		{[]string{"sink="}, "--set sink=: sink: a pipeline needs one, such as  sink: print"},
		{[]string{"source.file.lines=x"}, "--set source.file.lines=x: wants a whole number, not \"x\""},
		{[]string{"source.file.pth=x"}, "--set source.file.pth=x: unknown option \"pth\"; did you mean \"path\"?"},
		{[]string{"transforms.5.noop.lines=3"}, "--set transforms.5.noop.lines=3: \"5\" is no element of a list of 1, counted from 0"},
		{[]string{"transforms.0="}, "--set transforms.0=: wants a value, not nothing"},
		{[]string{"transforms=", "transforms.0.noop.lines=3"}, "--set transforms.0.noop.lines=3: \"0\" is for a list, and there is none; set it as a whole, as in  transforms=[filter: value > 10]"},
		{[]string{"name.x=3"}, "--set name.x=3: there is nothing below \"replay\"; set the option above it as a whole"},
		{[]string{"nonsense"}, "--set nonsense: wants PATH=VALUE, such as source.csv.path=data.csv, or PIPELINE:PATH=VALUE"},
		{[]string{"name=[", "=x"}, "--set =x: wants PATH=VALUE, such as source.csv.path=data.csv, or PIPELINE:PATH=VALUE\n" +
			"--set name=[: the value is not YAML: did not find expected node content; if it is a text, quote it twice: '\"…\"'"},
	} {
		p, err := Parse("x.yaml", []byte(valid), tc.overrides)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			o := p.Source.Options.(*fileOptions)
			got = strings.TrimSpace(o.Path + " " + string(rune('0'+o.Lines)))
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: %s", tc.overrides, diff)
		}
	}
}

func TestCodecs(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"source: file\nsink: file", "- -"},
		{"source: file\nsink: topic", "- json"},
		{"source: topic\nsink: file", "json -"},
		{"source: topic\nsink: topic", "bytes"},
		{"source: topic\nsink: topic\ntransforms: [noop]", "json json"},
		{"source: topic\nsink: {topic: {key: k}}", "json json"},
		{"source: topic\nsink: topic\ncodec: other", "bytes"},
		{"source: topic\nsink: {topic: {codec: other}}", "json other"},
		{"source: {topic: {codec: {json: {style: x}}}}\nsink: topic", "json json"},
		{"source: {topic: {codec: other}}\nsink: {topic: {codec: other}}", "bytes"},
	} {
		p, err := Parse("x.yaml", []byte(tc.text), nil)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		got := nameOf(p.Decode) + " " + nameOf(p.Encode)
		if p.PassThrough {
			got = "bytes"
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.text, got, tc.want)
		}
	}
}

func nameOf(c *pipeline.Bound[pipeline.Codec]) string {
	if c == nil {
		return "-"
	}
	return c.Name
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := write("a.yaml", "source: file\nsink: file"), write("b.yaml", "name: a\nsource: file\nsink: file")
	bad, missing := write("bad.yaml", "source: fill\nsink: file"), filepath.Join(dir, "missing.yaml")
	load := func(files []string, overrides ...string) ([]*Plan, error) { return Load(files, overrides) }
	if plans, err := load([]string{a}); err != nil || len(plans) != 1 || plans[0].File != a {
		t.Errorf("%v, %v", plans, err)
	}
	_, err := load([]string{a, b, bad, missing})
	want := []string{
		b + `:1:1: is named "a", as is ` + a + `; set name: in one of them`,
		bad + `:1:9: unknown source "fill"; did you mean "file"?`,
		missing + `: can't read the pipeline: no such file or directory`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), err.Error()); diff != "" {
		t.Error(diff)
	}
	c := write("c.d.yaml", "source: file\nsink: file")
	plans, err := load([]string{a, c}, "source.file.path=x", "c.d:source.file.path=y", "a:sink.file.path=z", "c.d:sink.file.names.0:1=w")
	if want := "--set c.d:sink.file.names.0:1=w: there is nothing below"; err == nil || !strings.HasPrefix(err.Error(), want) && len(plans) != 1 {
		t.Errorf("%v", err)
	}
	plans, err = load([]string{a, c}, "source.file.path=x", "c.d:source.file.path=y", "a:sink.file.path=z")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range plans {
		paths = append(paths, p.Source.Options.(*fileOptions).Path, p.Sink.Options.(*fileOptions).Path)
	}
	if diff := cmp.Diff([]string{"x", "z", "y", ""}, paths); diff != "" {
		t.Error(diff)
	}
	_, err = load([]string{a, c}, "source.file.lines=x", "e:name=f", "sink")
	want = []string{
		"--set sink: wants PATH=VALUE, such as source.csv.path=data.csv, or PIPELINE:PATH=VALUE",
		`--set e:name=f: no pipeline is named "e"; there are a, c.d`,
		`--set source.file.lines=x: wants a whole number, not "x"`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestParseValue(t *testing.T) {
	for text, want := range map[string]string{
		"":             "!!null ",
		"null":         "!!null null",
		"5":            "!!int 5",
		"2.5":          "!!float 2.5",
		"true":         "!!bool true",
		"'5'":          "!!str 5",
		`"a b"`:        "!!str a b",
		"-":            "!!str -",
		":":            "!!str :",
		"?":            "!!str ?",
		";":            "!!str ;",
		"|":            "!!str |",
		">":            "!!str >",
		"#":            "!!str #",
		"*":            "!!str *",
		"'":            "!!str '",
		`"`:            `!!str "`,
		"*.csv":        "!!str *.csv",
		"*a":           "!!str *a",
		"&a b":         "!!str &a b",
		"!keep":        "!!str !keep",
		"!!int 5":      "!!str !!int 5",
		"%d/%m/%Y":     "!!str %d/%m/%Y",
		"@home":        "!!str @home",
		"`x`":          "!!str `x`",
		"a #b":         "!!str a #b",
		"a: b: c":      "!!str a: b: c",
		"---":          "!!str ---",
		"C:\\x\\y.csv": "!!str C:\\x\\y.csv",
		"15:04:05":     "!!str 15:04:05",
		"{a: 5}":       "!!map ",
		"[a, b]":       "!!seq ",
		"a: 5":         "!!map ",
		"- a":          "!!seq ",
		"${HOME}/x":    "!!str ${HOME}/x",
	} {
		n, err := ParseValue(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := n.ShortTag() + " " + n.Value; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"{", "[a", "{a: *b}", "{x}y"} {
		if n, err := ParseValue(text); err == nil || !strings.HasSuffix(err.Error(), "; if it is a text, quote it twice: '\"…\"'") {
			t.Errorf("%s: %v, %v", text, n, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(valid, "source.file.path=x")
	f.Add("a: &a [*a]", "a.0=1")
	f.Add("<<: {a: b}\nsource: ${X:-file}", "source.x.y=[1")
	f.Fuzz(func(t *testing.T, text, override string) {
		if p, err := Parse("x.yaml", []byte(text), []string{override}); err == nil && (p.Source == nil || p.Sink == nil) {
			t.Error("a plan without its ends is taken for valid")
		}
	})
}
