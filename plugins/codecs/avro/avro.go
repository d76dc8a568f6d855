// Package avro is the codec that writes values as Avro and reads them back.
//
// The schema is read once, when the pipeline is checked, and compiled into a
// tree of types, along which every value is written and read. A union is
// written as the type that keeps most of the value, whatever its place in the
// union. A value written with another schema is refused, unless its bytes
// happen to fit: Avro's bytes don't tell of what they are, so all values of a
// topic should be written with one schema.
package avro

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the codec.
type Options struct {
	_           struct{} `doc:"Avro, as a schema says: one plain binary value without a header. Integers are written as double too, and times and texts (RFC 3339, 2021-01-01 00:00:00 or 2021-01-01; in UTC unless they say a zone) as timestamp and date, of which an integer is the count itself; whatever else doesn't fit fails its record. A field is found by its name or an alias; one that a record lacks has the schema's default, or null where that fits. Timestamps and dates come back as times, decimals and times of day as strings" example:"avro: {schema: schemas/reading.avsc}"`
	Schema      string   `yaml:"schema" doc:"the file with the schema in JSON, such as schemas/reading.avsc"`
	ExtraFields string   `yaml:"extra_fields" doc:"what a field does that the schema lacks: error, which fails the record, or drop"`

	text string // of the schema
}

const (
	extraError = "error"
	extraDrop  = "drop"
)

var _ pipeline.FileUser = (*Options)(nil)

// Files implements pipeline.FileUser.
func (o *Options) Files() pipeline.Files { return pipeline.Files{Reads: []string{o.Schema}} }

// Validate implements pipeline.Validator. It reads the schema, so that every
// mistake in it is one of the configuration.
func (o *Options) Validate() error {
	var errs []error
	mistake := func(option string, err error) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: err})
	}
	if o.ExtraFields != extraError && o.ExtraFields != extraDrop {
		mistake("extra_fields", fmt.Errorf("wants error or drop, not %q", o.ExtraFields))
	}
	if err := o.read(); err != nil {
		mistake("schema", err)
	} else if _, err := o.compile(); err != nil {
		mistake("schema", err)
	}
	return errors.Join(errs...)
}

func (o *Options) read() error {
	if o.Schema == "" {
		return errors.New("names no file; the codec needs one, such as  codec: {avro: {schema: schemas/reading.avsc}}")
	}
	text, err := os.ReadFile(o.Schema)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return fmt.Errorf("can't read %s: %w", o.Schema, err)
	}
	o.text = string(text)
	return nil
}

func (o *Options) compile() (node, error) {
	return compile(o.Schema, []byte(o.text), o.ExtraFields == extraDrop)
}

func init() {
	pipeline.RegisterCodec("avro", Options{ExtraFields: extraError}, open)
}

// writerSize is room for a record; it grows.
const writerSize = 512

type codec struct {
	root    node
	writer  *hamba.Writer
	decoder decoder
	hinted  bool // that values may be JSON
}

var _ pipeline.Codec = (*codec)(nil)

func open(_ context.Context, _ pipeline.Env, o Options) (pipeline.Codec, error) {
	root, err := o.compile()
	return &codec{root: root, writer: hamba.NewWriter(nil, writerSize)}, err
}

// Decode implements pipeline.Codec. Strings and bytes share data's memory.
func (c *codec) Decode(data []byte, v *pipeline.Value) error {
	err := c.decoder.decode(c.root, data, v)
	if err != nil && !c.hinted && isJSON(data) {
		c.hinted = true
		return fmt.Errorf("%w; the value is JSON: the writer may use another codec: set codec, to json", err)
	}
	return err
}

// isJSON reports whether data is JSON of more than a number or a word.
func isJSON(data []byte) bool {
	return len(data) > 0 && (data[0] == '{' || data[0] == '[') && json.Valid(data)
}

// Encode implements pipeline.Codec.
func (c *codec) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	c.writer.Reset(nil)
	if err := c.root.encode(c.writer, v); err != nil {
		return dst, err
	}
	return append(dst, c.writer.Buffer()...), nil
}
