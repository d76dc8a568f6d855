package plugintest

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

// CodecCase is a codec, and values that it can and can't take.
type CodecCase struct {
	Options string   // such as "json: {style: python}"
	Values  []string // written as YAML
	Back    []string // what they come back as, as a Value prints itself; nil: as they were
	Unfit   string   // a value that can't be encoded; empty: there is none
	Bad     []string // bytes that can't be decoded
}

// Codec runs the conformance suite.
func Codec(t *testing.T, c CodecCase) {
	subtest(t, "options", func(t *testing.T) { checkOptions(t, "codec", pipeline.BindCodec, c.Options) })
	subtest(t, "there and back", func(t *testing.T) { thereAndBack(t, c) })
	subtest(t, "bad bytes", func(t *testing.T) { badBytes(t, c) })
	subtest(t, "unfit value", func(t *testing.T) { unfitValue(t, c) })
}

func (c CodecCase) open(t *testing.T) pipeline.Codec {
	t.Helper()
	return mustOpen(t, pipeline.BindCodec, c.Options, nil)
}

// encode appends a value to something that must stay.
func encode(t *testing.T, codec pipeline.Codec, v pipeline.Value) []byte {
	t.Helper()
	const before = "before"
	data, err := codec.Encode([]byte(before), v)
	if err != nil {
		t.Fatalf("%v: %v", v, err)
	}
	if !bytes.HasPrefix(data, []byte(before)) {
		t.Fatalf("%v: Encode must append to what is there, not make it %q", v, data)
	}
	return data[len(before):]
}

// thereAndBack decodes everything into one value, whose memory is used again.
func thereAndBack(t *testing.T, c CodecCase) {
	codec := c.open(t)
	v := pipeline.Struct(nil)
	var decoded []pipeline.Value
	for _, text := range c.Values {
		data := encode(t, codec, Value(t, text))
		given := bytes.Clone(data)
		if err := codec.Decode(data, &v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !bytes.Equal(data, given) {
			t.Errorf("%s: Decode changes the bytes it is given", text)
		}
		decoded = append(decoded, v.Clone())
	}
	for i, text := range c.Values { // now, as strings may be kept
		want := Value(t, text).String()
		if c.Back != nil {
			want = c.Back[i]
		}
		if diff := cmp.Diff(want, decoded[i].String()); diff != "" {
			t.Errorf("comes back (-want +got):\n%s", diff)
		}
	}
}

func badBytes(t *testing.T, c CodecCase) {
	codec := c.open(t)
	data := encode(t, codec, Value(t, c.Values[0]))
	var v pipeline.Value
	if err := codec.Decode(data, &v); err != nil {
		t.Fatal(err)
	}
	good := v.Clone()
	for i := range data {
		_ = codec.Decode(data[:i:i], &v) // half a value may be one
	}
	for _, bad := range c.Bad {
		if err := codec.Decode([]byte(bad), &v); err == nil {
			t.Errorf("%q is decoded to %v", bad, v)
		}
		if err := codec.Decode(data, &v); err != nil || !v.Equal(good) {
			t.Errorf("after %q, %v is decoded to %v, %v", bad, good, v, err)
		}
	}
}

func unfitValue(t *testing.T, c CodecCase) {
	if c.Unfit == "" {
		t.Skip("the codec takes every value")
	}
	codec := c.open(t)
	good := Value(t, c.Values[0])
	want := encode(t, codec, good)
	if data, err := codec.Encode(nil, Value(t, c.Unfit)); err == nil {
		t.Errorf("%s is encoded as %q", c.Unfit, data)
	}
	if got := encode(t, codec, good); !bytes.Equal(got, want) {
		t.Errorf("after %s, %v is encoded as %q", c.Unfit, good, got)
	}
}
