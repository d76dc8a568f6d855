package avro

import (
	"strconv"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// node is a type of a schema. It may keep working memory, so it is used by one
// goroutine at a time.
type node interface {
	// encode writes v, or returns a *values.Error.
	encode(w *hamba.Writer, v pipeline.Value) error
	// decode reads a value, or returns a *values.Error.
	decode(d *decoder) (pipeline.Value, error)
	// String names the type in messages.
	String() string
}

// misfit says that v is none of t's values.
func misfit(t node, v pipeline.Value) error {
	return &values.Error{What: "wants " + t.String() + ", not " + shown(v)}
}

// misfitAs is misfit with the reason.
func misfitAs(t node, v pipeline.Value, why string) error {
	return &values.Error{What: "wants " + t.String() + ", not " + shown(v) + ", which " + why}
}

const shownText = 60

// shown is a value and its type, for a message.
func shown(v pipeline.Value) string {
	switch v.Kind() {
	case pipeline.KindNull:
		return "null"
	case pipeline.KindList:
		return "a list"
	case pipeline.KindStruct:
		return "a struct"
	case pipeline.KindString:
		if s := v.Str(); len(s) > shownText {
			v = pipeline.String(s[:shownText] + "…")
		}
	case pipeline.KindBytes:
		return strconv.Itoa(len(v.Bytes())) + " bytes"
	}
	return v.Kind().String() + " " + v.String()
}
