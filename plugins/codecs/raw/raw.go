// Package raw is the codec that passes bytes through.
//
// A pipeline from Kafka to Kafka with it copies values as they are, whatever
// they hold.
package raw

import (
	"context"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the codec: none.
type Options struct {
	_ struct{} `doc:"bytes as they are: what is read is one value of bytes, and what is written must be bytes or a string" example:"raw"`
}

func init() {
	pipeline.RegisterCodec("raw", Options{}, open)
}

type codec struct{}

var _ pipeline.Codec = codec{}

func open(context.Context, pipeline.Env, Options) (pipeline.Codec, error) { return codec{}, nil }

// Decode implements pipeline.Codec.
func (codec) Decode(data []byte, v *pipeline.Value) error {
	*v = pipeline.Bytes(data)
	return nil
}

// Encode implements pipeline.Codec.
func (codec) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	switch v.Kind() {
	case pipeline.KindBytes:
		return append(dst, v.Bytes()...), nil
	case pipeline.KindString:
		return append(dst, v.Str()...), nil
	}
	return dst, fmt.Errorf("the raw codec writes bytes and strings, not %s: choose another codec, such as json", v.Kind())
}
