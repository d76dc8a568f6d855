package reference

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

func TestPage(t *testing.T) {
	p := pipeline.Plugin{Kind: "sink", Name: "show", Doc: "shows records. All of them", Example: "show: {loud: true}", Options: []pipeline.Option{
		{Name: "loud", Type: "bool", Doc: "whether it shouts " + strings.Repeat("very ", 18) + "loud"},
		{Name: "to", Type: "{name: int|float, …}", Default: "all", Doc: "whom", Options: []pipeline.Option{{Name: "who", Type: "string", Doc: "a name"}}},
	}}
	want := `# show (sink)

Shows records. All of them.

It looks at each of them:

  - one
  - two

## Options

- ` + "`loud`" + ` (bool): whether it shouts ` + strings.Repeat("very ", 12) + `very
  very very very very very loud
- ` + "`to` (`{name: int|float, …}`, default `all`)" + `: whom
  - ` + "`who`" + ` (string): a name

## Example

` + "```yaml" + `
source:
  csv: {path: data/readings.csv, timestamp: timestamp}
sink:
  show: {loud: true}
` + "```\n"
	if diff := cmp.Diff(want, page(p, "It looks at each\nof them:\n\n  - one\n  - two\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExample(t *testing.T) {
	for _, c := range []struct {
		kind, example, want string
	}{
		{"source", "a", "source: a\nsink: print\n"},
		{"source", "a: {b: c}", "source:\n  a: {b: c}\nsink: print\n"},
		{"transform", "a: b > 5", "source:\n  csv: {path: data/readings.csv, timestamp: timestamp}\ntransforms:\n  - a: b > 5\nsink: print\n"},
		{"sink", "a", "source:\n  csv: {path: data/readings.csv, timestamp: timestamp}\nsink: a\n"},
		{"codec", "a: {b: c}", "source:\n  kafka: {topics: my-a-stream}\nsink:\n  kafka: {topic: my-a-copy}\ncodec: {a: {b: c}}\n"},
		{"codec", "a", "source:\n  kafka: {topics: my-a-stream}\nsink:\n  kafka: {topic: my-a-copy}\ncodec: a\n"},
	} {
		if diff := cmp.Diff(c.want, Example(pipeline.Plugin{Kind: c.kind, Name: "a", Example: c.example})); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.kind, c.example, diff)
		}
	}
}

func TestTyped(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"string", `{"type":["string","number","boolean"]}`},
		{"number", `{"anyOf":[{"type":"number"},{"pattern":"\\$\\{","type":"string"}]}`},
		{"any value", `{}`},
		{"name of a sink, or {name: options}", `{"$ref":"#/$defs/sink"}`},
		{"int|float", `{"anyOf":[{"enum":["int","float"]},{"pattern":"\\$\\{","type":"string"}]}`},
		{"{name: string, …}", `{"additionalProperties":{"type":["string","number","boolean"]},"type":"object"}`},
		{"{name: whatever, …}", `{"additionalProperties":{},"type":"object"}`},
		{"list of string", `{"anyOf":[{"items":{"type":["string","number","boolean"]},"type":"array"},{"type":"null"},` +
			`{"allOf":[{"type":["string","number","boolean"]}],"not":{"type":"array"}}]}`},
		{"mapping or false", `{"anyOf":[{"additionalProperties":false,"properties":{"a":{"description":"x","type":["string","number","boolean"]}},"type":["object","null"]},{"const":false}]}`},
		{"whatever", `null`},
		{"string or whatever", `null`},
	} {
		s, _ := typed(c.name, []pipeline.Option{{Name: "a", Type: "string", Doc: "x"}})
		got, err := json.Marshal(s)
		if diff := cmp.Diff(c.want, string(got)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, err, diff)
		}
	}
}
