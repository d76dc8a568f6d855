package jsonvalue

import (
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
)

// OfRecord returns what there is to show of a record: its value or, if no
// codec has decoded one, what was read, as a string if it is text.
func OfRecord(r *pipeline.Record) pipeline.Value {
	switch {
	case !r.Value.IsNull() || r.Raw == nil || string(r.Raw) == "null":
		return r.Value
	case utf8.Valid(r.Raw):
		return pipeline.String(unsafeString(r.Raw))
	}
	return pipeline.Bytes(r.Raw)
}
