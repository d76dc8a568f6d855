package raw_test

import (
	"context"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
	_ "github.com/pipeline-daemon/pipeline/plugins/codecs/raw"
)

func open(t *testing.T) pipeline.Codec {
	t.Helper()
	bound, err := pipeline.BindCodec(pipeline.Node{File: "t.yaml", YAML: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "raw"}})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := bound.Open(context.Background(), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func TestThrough(t *testing.T) {
	codec := open(t)
	data := []byte{0, 0xff, '\n'}
	v := pipeline.Int(1)
	if err := codec.Decode(data, &v); err != nil {
		t.Fatal(err)
	}
	if !v.Equal(pipeline.Bytes(data)) {
		t.Errorf("decoded: %v", v)
	}
	if got, err := codec.Encode([]byte(">"), v); err != nil || string(got) != ">\x00\xff\n" {
		t.Errorf("encoded: %q, %v", got, err)
	}
}

func TestEncode(t *testing.T) {
	for _, test := range []struct {
		value     pipeline.Value
		want, err string
	}{
		{pipeline.String("ä"), "ä", ""},
		{pipeline.Bytes(nil), "", ""},
		{pipeline.Int(1), "", "the raw codec writes bytes and strings, not int: choose another codec, such as json"},
		{pipeline.Struct(nil), "", "the raw codec writes bytes and strings, not struct: choose another codec, such as json"},
	} {
		got, err := open(t).Encode(nil, test.value)
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%v: got %v, want %s", test.value, err, test.err)
			}
		} else if err != nil || string(got) != test.want {
			t.Errorf("%v: got %q, %v, want %q", test.value, got, err, test.want)
		}
	}
}
