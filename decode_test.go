package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

type Connection struct {
	Brokers []string `yaml:"brokers" doc:"where"`
	TLS     *struct {
		CA string `yaml:"ca" doc:"a file"`
	} `yaml:"tls" doc:"encryption"`
}

func (c *Connection) Validate() error {
	if len(c.Brokers) > 2 {
		return &FieldError{"brokers", errors.New("too many")}
	}
	return nil
}

type options struct {
	_          struct{} `doc:"A plugin for tests."`
	Connection `yaml:",inline"`
	Topic      string        `yaml:"topic" doc:"the topic"`
	Linger     time.Duration `yaml:"linger" doc:"how long"`
	Batch      int           `yaml:"batch" doc:"how many"`
	Ratio      float64       `yaml:"ratio" doc:"how much"`
	On         bool          `yaml:"on" doc:"whether"`
	Size       ByteSize      `yaml:"size" doc:"how large"`
	Types      Pairs[string] `yaml:"types" doc:"by column"`
	Any        Value         `yaml:"any" doc:"anything"`
	List       []Value       `yaml:"list" doc:"any things"`
}

func (o *options) Validate() error {
	if o.Batch < 0 {
		return errors.Join(&FieldError{"batch", errors.New("must not be negative")}, &FieldError{"tls.ca", errors.New("is no file")})
	}
	return nil
}

type names struct {
	Names []string `yaml:",inline" doc:"the names"`
}

func parse(t *testing.T, text string) Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return Node{"t.yaml", doc.Content[0]}
}

func TestDecode(t *testing.T) {
	n := parse(t, `
base: &base {linger: 3s, batch: 1}
it:
  <<: *base
  batch: 7
  topic: 007
  brokers: one
  tls: {ca: ca.pem}
  ratio: 2
  on: true
  size: 64KiB
  types: {b: int, a: float}
  any: {n: 1, f: 1.0, s: "1", t: 2021-01-01, none: null, yes: true, list: [1, 2]}
  list: 5
`)
	entries, err := n.Entries()
	if err != nil {
		t.Fatal(err)
	}
	o := options{Topic: "default"}
	if err := entries[1].Value.Decode(&o); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(o.Brokers, o.TLS.CA, o.Topic, o.Linger, o.Batch, o.Ratio, o.On, o.Size, o.Types, o.Any, o.List)
	want := `[one] ca.pem 007 3s 7 2 true 64KiB [{b int} {a float}] ` +
		`{n: 1, f: 1.0, s: "1", t: "2021-01-01", none: null, yes: true, list: [1 2]} [5]`
	want = strings.Replace(want, "[one] ca.pem 007", "[one]ca.pem007", 1)
	if diff := cmp.Diff(strings.ReplaceAll(want, " ", ""), strings.ReplaceAll(got, " ", "")); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeMistakes(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"{topic:x}", `t.yaml:1:2: unknown option "topic:x"; a space is missing after its colon`},
		{"batch: \"1\"", `t.yaml:1:8: wants a whole number, not the text "1"`},
		{"topc: x", `t.yaml:1:1: unknown option "topc"; did you mean "topic"?`},
		{"nothing_like: x", `t.yaml:1:1: unknown option "nothing_like"; there are brokers, tls, topic, linger, batch, ratio, on, size, types, any, list`},
		{"topic: [a]", `t.yaml:1:8: wants a value, not a list`},
		{"topic:", `t.yaml:1:7: wants a value, not nothing`},
		{"batch: many\nlinger: 5\non: 1\nratio: x\nsize: big",
			"t.yaml:1:8: wants a whole number, not \"many\"\n" +
				"t.yaml:2:9: wants a duration, such as 500ms, 5s or 2h, not \"5\"\n" +
				"t.yaml:3:5: wants true or false, not \"1\"\n" +
				"t.yaml:4:8: wants a number, not \"x\"\n" +
				"t.yaml:5:7: wants a size in bytes, such as 4096, 64KiB or 1MB, not \"big\""},
		{"{batch: x, topc: y, tls: {cA: z}}",
			"t.yaml:1:9: wants a whole number, not \"x\"\n" +
				"t.yaml:1:12: unknown option \"topc\"; did you mean \"topic\"?\n" +
				"t.yaml:1:27: unknown option \"cA\"; did you mean \"ca\"?"},
		{"batch: 1\nbatch: 2", `t.yaml:2:1: "batch" is given twice`},
		{"batch: 99999999999999999999", `t.yaml:1:8: wants a whole number, not "99999999999999999999"`},
		{"[a, b]", `t.yaml:1:1: wants a mapping (name: value), not a list`},
		{"{batch: -1, tls: {ca: x}}", "t.yaml:1:2: batch: must not be negative\nt.yaml:1:19: tls.ca: is no file"},
		{"batch: -1", "t.yaml:1:1: batch: must not be negative\nt.yaml:1:1: tls.ca: is no file"},
		{"brokers: [a, b, c]", "t.yaml:1:1: brokers: too many"},
		{"types: {a: [1]}", "t.yaml:1:12: wants a value, not a list"},
		{"on: !!bool maybe\nany: [!!float x, !!bool x]", "t.yaml:1:5: wants true or false, not \"maybe\"\n" +
			"t.yaml:2:7: wants a number, not \"x\"\nt.yaml:2:18: wants true or false, not \"x\""},
		{"? [a]\n: 1\n? {b: c}\n: 2", "t.yaml:1:3: wants a name, not a list\nt.yaml:3:3: wants a name, not a mapping"},
		{"{ratio: x, batch: -1, tls: {ca: y}}", "t.yaml:1:9: wants a number, not \"x\"\n" +
			"t.yaml:1:12: batch: must not be negative\nt.yaml:1:29: tls.ca: is no file"},
		{"{batch: x, brokers: [a, b, c]}", "t.yaml:1:9: wants a whole number, not \"x\"\nt.yaml:1:12: brokers: too many"},
		{"{batc: 1, brokers: [a, b, {}], batch: -1}", "t.yaml:1:2: unknown option \"batc\"; did you mean \"batch\"?\n" +
			"t.yaml:1:27: wants a value, not a mapping\nt.yaml:1:1: tls.ca: is no file"},
		{"any: 99999999999999999999", "t.yaml:1:6: wants an integer that fits into 64 bits, not 99999999999999999999"},
	} {
		var o options
		err := parse(t, tc.text).Decode(&o)
		if err == nil {
			t.Errorf("%s: no mistake found in it", tc.text)
			continue
		}
		if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
			t.Errorf("%s: %s", tc.text, diff)
		}
	}
}

func TestWholeNodeOption(t *testing.T) {
	for _, text := range []string{"[a, b]", "- a\n- b"} {
		var o names
		if err := parse(t, text).Decode(&o); err != nil || len(o.Names) != 2 {
			t.Errorf("%s: %v, %v", text, o, err)
		}
	}
}

func TestBind(t *testing.T) {
	RegisterSource("test-source", options{Batch: 5}, func(_ context.Context, _ Env, o options) (Source, error) {
		return nil, fmt.Errorf("opened with %d %s", o.Batch, o.Topic)
	})
	for _, tc := range []struct{ text, want string }{
		{"test-source", "opened with 5 "},
		{"test-source: {topic: x}", "opened with 5 x"},
		{"test-source:", "opened with 5 "},
		{"test-sorce", `t.yaml:1:1: unknown source "test-sorce"; did you mean "test-source"?`},
		{"test-source: {topc: x}", `t.yaml:1:15: unknown option "topc"; did you mean "topic"?`},
		{"{a: 1, b: 2}", `t.yaml:1:8: wants one source, written {name: options}, and finds 2 names; options stand below the name, further indented`},
		{"{}", `t.yaml:1:1: wants a source, written as its name or as {name: options}, not an empty mapping`},
		{"[a]", `t.yaml:1:1: wants a source, written as its name or as {name: options}, not a list`},
	} {
		s, err := BindSource(parse(t, tc.text))
		if err == nil {
			_, err = s.Open(t.Context(), Env{})
		}
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", tc.text, err, tc.want)
		}
	}
}

func TestOptionsAreOpenedAsTheyAreNow(t *testing.T) {
	RegisterSink("test-sink", options{}, func(_ context.Context, _ Env, o options) (Sink, error) { return nil, errors.New(o.Topic) })
	s, err := BindSink(parse(t, "test-sink: {topic: before}"))
	if err != nil {
		t.Fatal(err)
	}
	s.Options.(*options).Topic = "after"
	if _, err := s.Open(t.Context(), Env{}); err.Error() != "after" {
		t.Errorf("opened with %v", err)
	}
}

func TestRegisteringTwicePanics(t *testing.T) {
	register := func() {
		RegisterTransform("test-twice", options{}, func(context.Context, Env, options) (Transform, error) { return nil, nil })
	}
	register()
	defer func() {
		if recover() == nil {
			t.Error("a second plugin of that name was registered")
		}
	}()
	register()
}

// The options that one pipeline sets behind a pointer are not the next one's
// defaults.
func TestDefaultsStayAsTheyAre(t *testing.T) {
	type inner struct {
		A int `yaml:"a" doc:"a"`
		B int `yaml:"b" doc:"b"`
	}
	type outer struct {
		Inner *inner `yaml:"inner" doc:"inner"`
	}
	defaults := outer{&inner{A: 1, B: 2}}
	o := defaults
	if err := parse(t, "inner: {a: 5}").Decode(&o); err != nil || *o.Inner != (inner{5, 2}) {
		t.Errorf("%+v, %v", o.Inner, err)
	}
	if *defaults.Inner != (inner{1, 2}) {
		t.Errorf("the defaults have become %+v", *defaults.Inner)
	}
}

func TestAbsentValues(t *testing.T) {
	o := options{List: []Value{Int(1)}}
	if err := parse(t, "list:\ntls:\nany:").Decode(&o); err != nil || len(o.List) > 0 || o.TLS == nil || !o.Any.IsNull() {
		t.Errorf("%+v, %v", o, err)
	}
	if err := parse(t, "any: [!!float 5, !!str 5, !!int '5']").Decode(&o); err != nil || o.Any.String() != `[5.0 "5" 5]` {
		t.Errorf("%v, %v", o.Any, err)
	}
}

func TestDescribe(t *testing.T) {
	got := DescribeOptions(options{Batch: 3})
	var lines []string
	for _, o := range got {
		lines = append(lines, fmt.Sprintf("%s|%s|%s|%s|%d", o.Name, o.Type, o.Default, o.Doc, len(o.Options)))
	}
	want := []string{"brokers|list of string||where|0", "tls|mapping||encryption|1", "topic|string||the topic|0", "linger|duration||how long|0",
		"batch|integer|3|how many|0", "ratio|number||how much|0", "on|bool||whether|0", "size|size||how large|0",
		"types|{name: string, …}||by column|0", "any|any value||anything|0", "list|list of any value||any things|0"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if got := DescribeOptions(names{}); len(got) != 1 || got[0].Type != "list of string" || got[0].Name != "" {
		t.Errorf("a whole option: %+v", got)
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]ByteSize{"0": 0, "512": 512, "64KiB": 65536, "1 MB": 1e6, "1.5GiB": 3 << 29, "3B": 3} {
		var s ByteSize
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "-1", "x", "1TB", "NaN", "1e300"} {
		var s ByteSize
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s: taken for %d", text, s)
		}
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2021, 5, 6, 7, 8, 9, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2021-01-01":                now.AddDate(0, -4, -5).Truncate(24 * time.Hour),
		"2021-01-01 10:00:00":       time.Date(2021, 1, 1, 10, 0, 0, 0, time.UTC),
		"2021-01-01T10:00:00+02:00": time.Date(2021, 1, 1, 8, 0, 0, 0, time.UTC),
		"2021-01-01T10:00:00.5Z":    time.Date(2021, 1, 1, 10, 0, 0, 5e8, time.UTC),
		"-10m":                      now.Add(-10 * time.Minute),
	} {
		if got, err := ParseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "10m", "-", "now", "01/02/2021"} {
		if got, err := ParseTime(text, now); err == nil {
			t.Errorf("%s: taken for %v", text, got)
		}
	}
}
