// Package json is the codec that writes values as JSON and reads them back,
// types kept.
//
// Fields keep their order. Where a name is given twice the last value counts.
package json

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// Options are the options of the codec.
type Options struct {
	_     struct{} `doc:"JSON (RFC 8259). Floats keep their point (51.0) and integers all 64 bits; a number that fits neither is an error, as is text that is not UTF-8. Times are written as RFC 3339 and bytes as base64, and come back as strings" example:"json: {style: python}"`
	Style string   `yaml:"style" doc:"compact; or python: as Python's json.dumps writes by default, with spaces and nothing but ASCII"`
}

var styles = map[string]jsonvalue.Style{"compact": jsonvalue.Compact, "python": jsonvalue.Python}

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	if _, ok := styles[o.Style]; !ok {
		return &pipeline.FieldError{Option: "style", Err: fmt.Errorf("wants compact or python, not %q", o.Style)}
	}
	return nil
}

func init() {
	pipeline.RegisterCodec("json", Options{Style: "compact"}, open)
}

type codec struct {
	style   jsonvalue.Style
	decoder jsonvalue.Decoder
	hinted  bool // that values may be of another codec
}

var _ pipeline.Codec = (*codec)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Codec, error) {
	return &codec{style: styles[o.Style]}, nil
}

// Decode implements pipeline.Codec.
func (c *codec) Decode(data []byte, v *pipeline.Value) error {
	err := c.decoder.Decode(data, v)
	if err != nil && !c.hinted && !beginsAsJSON(data) {
		c.hinted = true
		return fmt.Errorf("%w; the writer may use another codec: set codec, to avro or raw", err)
	}
	return err
}

func beginsAsJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) == 0 || strings.IndexByte(`{["-0123456789tfn`, data[0]) >= 0
}

// Encode implements pipeline.Codec.
func (c *codec) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	return jsonvalue.Append(dst, v, c.style)
}
