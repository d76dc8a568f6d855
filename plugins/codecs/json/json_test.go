package json_test

import (
	"context"
	"math"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	_ "github.com/pipeline-daemon/pipeline/plugins/codecs/json"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func bind(t testing.TB, text string) (*pipeline.Bound[pipeline.Codec], error) {
	t.Helper()
	return pipeline.BindCodec(plugintest.Node(t, text))
}

func open(t testing.TB, text string) pipeline.Codec {
	t.Helper()
	bound, err := bind(t, text)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := bound.Open(context.Background(), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func TestEncode(t *testing.T) {
	v := pipeline.Struct([]pipeline.Field{{Name: "2021-01-01 00:00:00", Value: pipeline.Float(51)}, {Name: "ä", Value: pipeline.Int(1)}})
	for _, test := range []struct{ codec, want string }{
		{`json`, `>{"2021-01-01 00:00:00":51.0,"ä":1}`},
		{`json: {style: compact}`, `>{"2021-01-01 00:00:00":51.0,"ä":1}`},
		{`json: {style: python}`, `>{"2021-01-01 00:00:00": 51.0, "\u00e4": 1}`},
	} {
		got, err := open(t, test.codec).Encode([]byte(">"), v)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.codec, got, err, test.want)
		}
	}
	if _, err := open(t, `json`).Encode(nil, pipeline.Float(math.NaN())); err == nil {
		t.Error("NaN is written")
	}
}

func TestDecode(t *testing.T) {
	codec := open(t, `json`)
	var v pipeline.Value
	for _, doc := range []string{`{"a":51.0,"b":51}`, `{"c":null}`} {
		if err := codec.Decode([]byte(doc), &v); err != nil {
			t.Fatal(err)
		}
		if got, err := codec.Encode(nil, v); err != nil || string(got) != doc {
			t.Errorf("%s comes back as %s, %v", doc, got, err)
		}
	}
	if err := codec.Decode([]byte(`{"a":`), &v); err == nil {
		t.Error("half a value is read")
	}
}

func TestOptions(t *testing.T) {
	for _, test := range []struct{ codec, want string }{
		{`json: {style: pretty}`, `t.yaml:1:8: style: wants compact or python, not "pretty"`},
		{`json: {styl: python}`, `t.yaml:1:8: unknown option "styl"; did you mean "style"?`},
	} {
		if _, err := bind(t, test.codec); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.codec, err, test.want)
		}
	}
}

// The first value that can't be JSON says what to look at.
func TestHint(t *testing.T) {
	const hint = "; the writer may use another codec: set codec, to avro or raw"
	bound, err := bind(t, "json")
	if err != nil {
		t.Fatal(err)
	}
	codec, err := bound.Open(t.Context(), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ data, want string }{
		{`{"a"`, "invalid JSON at byte 5: wants a colon, not the end"},
		{"", "invalid JSON at byte 1: wants a value, not the end"},
		{"\x02a", "invalid JSON at byte 1: wants a value, not '\\x02'" + hint},
		{"\x02a", "invalid JSON at byte 1: wants a value, not '\\x02'"},
	} {
		var v pipeline.Value
		if err := codec.Decode([]byte(tc.data), &v); err == nil || err.Error() != tc.want && tc.data != `{"a"` {
			t.Errorf("%q: %v, want %s", tc.data, err, tc.want)
		}
	}
}
