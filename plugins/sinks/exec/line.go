package exec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// appendRecord appends a record's line. A key or header that is not UTF-8 is
// told as far as it is; the record keeps its own.
func appendRecord(dst []byte, id int64, r *pipeline.Record) ([]byte, error) {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, id, 10)
	if r.Key != nil {
		dst = append(dst, `,"key":`...)
		dst = appendText(dst, r.Key)
	}
	dst = append(dst, `,"value":`...)
	dst, err := jsonvalue.Append(dst, r.Value, jsonvalue.Compact)
	if err != nil {
		return dst, err
	}
	if len(r.Headers) > 0 {
		mark := `,"headers":{`
		for _, h := range r.Headers {
			dst = append(dst, mark...)
			dst = appendText(dst, []byte(h.Key))
			dst = append(dst, ':')
			dst = appendText(dst, h.Value)
			mark = ","
		}
		dst = append(dst, '}')
	}
	if !r.Time.IsZero() {
		dst = append(dst, `,"time":"`...)
		dst = r.Time.UTC().AppendFormat(dst, time.RFC3339Nano)
		dst = append(dst, '"')
	}
	return append(dst, "}\n"...), nil
}

func appendText(dst, text []byte) []byte {
	dst, _ = jsonvalue.Append(dst, pipeline.String(strings.ToValidUTF8(string(text), "\uFFFD")), jsonvalue.Compact) // it is UTF-8
	return dst
}

// member returns a member of a JSON object.
func member(v pipeline.Value, name string) (pipeline.Value, bool) {
	if v.Kind() == pipeline.KindStruct {
		for _, f := range v.Fields() {
			if f.Name == name {
				return f.Value, true
			}
		}
	}
	return pipeline.Value{}, false
}

// apply does with a record what the program has answered.
func (h *handler) apply(r *pipeline.Record, answer pipeline.Value, out *pipeline.Results) {
	if text, failed := member(answer, "error"); failed && !text.IsNull() {
		r.Fail(failure(answer, text))
		return
	}
	if list, ok := member(answer, "records"); ok {
		if err := addRecords(list, out); err != nil {
			r.Fail(pipeline.Permanent(err))
		}
		return
	}
	if _, ok := member(answer, "value"); !ok {
		return
	}
	result := *r
	if err := change(&result, answer); err != nil {
		r.Fail(pipeline.Permanent(err))
		return
	}
	*r = result
	out.Keep()
}

// failure is an error that the program has answered. It is tried again only if
// it says so.
func failure(answer, text pipeline.Value) error {
	said, ok := text.Text()
	if !ok {
		said = text.String()
	}
	err := errors.New(said)
	if again, _ := member(answer, "retry"); again.Equal(pipeline.Bool(true)) {
		return err
	}
	return pipeline.Permanent(err)
}

func addRecords(list pipeline.Value, out *pipeline.Results) error {
	if list.Kind() != pipeline.KindList {
		return fmt.Errorf(`the answer's "records" are not a list, but of type %v`, list.Kind())
	}
	for _, v := range list.List() {
		if v.Kind() != pipeline.KindStruct {
			return fmt.Errorf(`one of the answer's "records" is not {"value": …}, but of type %v`, v.Kind())
		}
		if err := change(out.Add(), v); err != nil {
			return err
		}
	}
	return nil
}

// change gives a record what an answer says of it: a value, and a key, headers
// and a time if these are to be others.
func change(r *pipeline.Record, answer pipeline.Value) error {
	for _, f := range answer.Fields() {
		var err error
		switch f.Name {
		case "value":
			r.Value = f.Value
		case "key":
			r.Key, err = bytesOf(f.Value)
		case "headers":
			r.Headers, err = headersOf(f.Value)
		case "time":
			r.Time, err = timeOf(f.Value)
		}
		if err != nil {
			return fmt.Errorf("the answer's %q: %w", f.Name, err)
		}
	}
	return nil
}

func bytesOf(v pipeline.Value) ([]byte, error) {
	if v.IsNull() {
		return nil, nil
	}
	text, ok := v.Text()
	if !ok {
		return nil, fmt.Errorf("wants a text, not a %v", v.Kind())
	}
	return []byte(text), nil
}

func headersOf(v pipeline.Value) ([]pipeline.Header, error) {
	if v.IsNull() {
		return nil, nil
	}
	if v.Kind() != pipeline.KindStruct {
		return nil, fmt.Errorf("wants an object, not a %v", v.Kind())
	}
	var headers []pipeline.Header
	for _, f := range v.Fields() {
		value, err := bytesOf(f.Value)
		if err != nil {
			return nil, err
		}
		headers = append(headers, pipeline.Header{Key: f.Name, Value: value})
	}
	return headers, nil
}

func timeOf(v pipeline.Value) (time.Time, error) {
	if v.IsNull() {
		return time.Time{}, nil
	}
	text, _ := v.Text()
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("wants a time such as 2021-01-01T00:00:00Z, not %v", v)
	}
	return t, nil
}
