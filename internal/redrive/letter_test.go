package redrive

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
)

// shown is a letter as a test compares it.
func shown(l *letter, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%s %s %s at %+v %s key %q nil %v raw %q nil %v value %v headers %q", l.pipeline, l.stage, l.err, l.origin,
		l.time.Format(time.RFC3339Nano), l.key, l.key == nil, l.raw, l.raw == nil, l.value, l.headers)
}

const never = "0001-01-01T00:00:00Z"

func TestLineOfJSON(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{`{"pipeline":"p","stage":"transform","plugin":"cast","error":"e","attempts":2,"time":"2021-01-01T00:00:00Z",` +
			`"origin":{"topic":"t","partition":3,"offset":9007199254740993},"timestamp":"2020-01-01T00:00:00.000000001Z",` +
			`"key":"aw==","value":"/w==","headers":[{"key":"h","value":"dg=="},{"key":"h","value":null}]}`,
			`p transform e at t[3]@9007199254740993 2020-01-01T00:00:00.000000001Z key "k" nil false raw "\xff" nil false value null headers [{"h" "v"} {"h" ""}]`},
		{`{"pipeline":"p","stage":"sink","origin":{"topic":"t","partition":0,"offset":1},"key":null,"value":null,"headers":[]}`,
			`p sink  at t[0]@1 ` + never + ` key "" nil true raw "" nil true value null headers []`},
		{`{"pipeline":"p","stage":"sink","origin":{"topic":"t","partition":0,"offset":1},"key":"","value":"","headers":[]}`,
			`p sink  at t[0]@1 ` + never + ` key "" nil false raw "" nil false value null headers []`},
		{`{"pipeline":"p","stage":"source","error":"e","origin":{"file":"a.csv","line":7},"value":"YWJj,\"x\ny\""}`,
			`p source e at a.csv:7 ` + never + ` key "" nil true raw "YWJj,\"x\ny\"" nil false value null headers []`},
		{`{"pipeline":"p","stage":"source","error":"e","origin":{"file":"a.csv","line":7},"value":"/w==","base64":true}`,
			`p source e at a.csv:7 ` + never + ` key "" nil true raw "\xff" nil false value null headers []`},
		{`{"pipeline":"p","stage":"sink","origin":{"file":"generate","line":1},"value":{"n":1}}`,
			`p sink  at generate:1 ` + never + ` key "" nil true raw "" nil true value {n: 1} headers []`},
		{`{"value":1}`, `error: it is no dead letter: it does not say which pipeline it is of`},
		{`7`, `error: it is no dead letter: it does not say which pipeline it is of`},
		{`{"pipeline":"p","stage":"sink","origin":{"topic":"t"},"value":"%"}`,
			`error: it is no dead letter: its bytes are not base64: illegal base64 data at input byte 0`},
	} {
		if diff := cmp.Diff(tc.want, shown(parse([]byte(tc.line)))); diff != "" {
			t.Errorf("%s\n%s", tc.line, diff)
		}
	}
}

func TestMessage(t *testing.T) {
	header := func(name, value string) pipeline.Header { return pipeline.Header{Key: name, Value: []byte(value)} }
	at := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	r := pipeline.Record{Key: []byte("k"), Raw: []byte{0xff}, Time: at, Headers: []pipeline.Header{header("h", "v"),
		header("pipeline.error.pipeline", "p"), header("pipeline.error.stage", "decode"), header("pipeline.error.error", "e"),
		header("pipeline.error.origin.topic", "t"), header("pipeline.error.origin.partition", "2"), header("pipeline.error.origin.offset", "9"),
		header("pipeline.error.timestamp", "2020-01-01T00:00:00Z"), header("pipeline.errors", "mine")}}
	want := `p decode e at t[2]@9 2020-01-01T00:00:00Z key "k" nil false raw "\xff" nil false value null headers [{"h" "v"} {"pipeline.errors" "mine"}]`
	if diff := cmp.Diff(want, shown(fromMessage(&r))); diff != "" {
		t.Error(diff)
	}
	r = pipeline.Record{Time: at, Headers: []pipeline.Header{header("pipeline.error.pipeline", "p"),
		header("pipeline.error.origin.file", "a.csv"), header("pipeline.error.origin.line", "4")}}
	want = `p   at a.csv:4 2021-01-01T00:00:00Z key "" nil true raw "" nil true value null headers []`
	if diff := cmp.Diff(want, shown(fromMessage(&r))); diff != "" {
		t.Error(diff)
	}
	if _, err := fromMessage(&pipeline.Record{Headers: []pipeline.Header{header("h", "v")}}); err != errNoLetter {
		t.Error(err)
	}
}

// FuzzParse takes any line: it is refused, or a letter of a pipeline.
func FuzzParse(f *testing.F) {
	f.Add(`{"pipeline":"p","stage":"s","origin":{"file":1,"line":"x"},"key":{},"value":[1],"headers":[1,{"key":null}],"timestamp":5}`)
	f.Add(`{"pipeline":"p","stage":"s","origin":[],"value":"eA==","headers":{}}`)
	f.Fuzz(func(t *testing.T, line string) {
		l, err := parse([]byte(line))
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), "it is no dead letter: "):
			t.Error(err)
		case err == nil && l.pipeline == "":
			t.Error("a letter of no pipeline")
		}
	})
}
