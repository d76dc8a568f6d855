package jsonvalue

import (
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// OfRecord returns what there is to show of a record: its value or, if no
// codec has decoded one, what was read, as a string if it is text.
func OfRecord(r *pipeline.Record) pipeline.Value {
	if !r.Value.IsNull() || string(r.Raw) == "null" {
		return r.Value
	}
	return OfBytes(r.Raw)
}

// OfBytes returns what there is to show of bytes: a string that shares their
// memory if they are text, and null for nil.
func OfBytes(b []byte) pipeline.Value {
	switch {
	case b == nil:
		return pipeline.Null()
	case utf8.Valid(b):
		return pipeline.String(values.Shared(b))
	}
	return pipeline.Bytes(b)
}
