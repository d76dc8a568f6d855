package cmd

import (
	"context"
	"log/slog"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// guess is the codec of values of which nobody says how they are encoded: JSON
// if that is what they are, or else text, or else bytes.
type guess struct {
	decoder jsonvalue.Decoder
	log     *slog.Logger
	told    bool
}

var _ pipeline.Codec = (*guess)(nil)

func openGuess(_ context.Context, env pipeline.Env) (pipeline.Codec, error) {
	return &guess{log: env.Log}, nil
}

// Decode implements pipeline.Codec.
func (g *guess) Decode(data []byte, v *pipeline.Value) error {
	err := g.decoder.Decode(data, v)
	if err == nil {
		return nil
	}
	if !g.told {
		g.told = true
		g.log.Info("not all values are JSON: the others are shown as text, or else as base64; --codec says how they are encoded", "first", err)
	}
	*v = jsonvalue.OfBytes(data)
	return nil
}

// Encode implements pipeline.Codec.
func (g *guess) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	return jsonvalue.Append(dst, v, jsonvalue.Compact)
}

// tailFormat is how tail prints records.
type tailFormat struct {
	verbose bool
	paint   palette
	fields  [7]pipeline.Field // of a verbose line
	headers []pipeline.Value
}

// appendLine appends a record's line.
func (f *tailFormat) appendLine(dst []byte, r *pipeline.Record) ([]byte, error) {
	v := r.Value
	if f.verbose {
		v = f.message(r)
	}
	if f.paint {
		return appendPainted(dst, v)
	}
	return jsonvalue.Append(dst, v, jsonvalue.Compact)
}

// message returns all that a Kafka message holds, until the next call.
func (f *tailFormat) message(r *pipeline.Record) pipeline.Value {
	f.headers = f.headers[:0]
	for _, h := range r.Headers {
		f.headers = append(f.headers, pipeline.Struct([]pipeline.Field{
			{Name: "key", Value: pipeline.String(strings.ToValidUTF8(h.Key, "\uFFFD"))},
			{Name: "value", Value: jsonvalue.OfBytes(h.Value)},
		}))
	}
	f.fields = [...]pipeline.Field{
		{Name: "topic", Value: pipeline.String(r.Origin.Source)},
		{Name: "partition", Value: pipeline.Int(int64(r.Origin.Partition))},
		{Name: "offset", Value: pipeline.Int(r.Origin.Offset)},
		{Name: "timestamp", Value: pipeline.Time(r.Time)},
		{Name: "key", Value: jsonvalue.OfBytes(r.Key)},
		{Name: "headers", Value: pipeline.List(f.headers)},
		{Name: "value", Value: r.Value},
	}
	return pipeline.Struct(f.fields[:])
}

// The colours of JSON on a terminal.
const (
	nameColour   = "\x1b[36m"
	stringColour = "\x1b[32m"
	numberColour = "\x1b[33m"
	noColour     = "\x1b[0m"
)

// appendPainted appends v as JSON in colours.
func appendPainted(dst []byte, v pipeline.Value) ([]byte, error) {
	var err error
	switch v.Kind() {
	case pipeline.KindStruct:
		dst = append(dst, '{')
		for i, f := range v.Fields() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendScalar(dst, pipeline.String(f.Name), nameColour); err != nil {
				return dst, err
			}
			dst = append(dst, ':')
			if dst, err = appendPainted(dst, f.Value); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	case pipeline.KindList:
		dst = append(dst, '[')
		for i, e := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendPainted(dst, e); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case pipeline.KindInt, pipeline.KindFloat:
		return appendScalar(dst, v, numberColour)
	case pipeline.KindString, pipeline.KindBytes, pipeline.KindTime:
		return appendScalar(dst, v, stringColour)
	}
	return jsonvalue.Append(dst, v, jsonvalue.Compact)
}

func appendScalar(dst []byte, v pipeline.Value, colour string) ([]byte, error) {
	dst, err := jsonvalue.Append(append(dst, colour...), v, jsonvalue.Compact)
	return append(dst, noColour...), err
}
