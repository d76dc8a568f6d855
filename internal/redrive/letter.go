package redrive

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// letter is a dead letter: a record as it was read, and why it failed.
type letter struct {
	pipeline, stage, err string

	origin  pipeline.Origin
	time    time.Time // zero: it had none
	key     []byte
	raw     []byte         // the bytes or the text that was read; nil: none
	value   pipeline.Value // what the source had made without any
	headers []pipeline.Header
}

// headerPrefix begins the names of the headers that a dead letter in a topic
// has beside those of its record.
const headerPrefix = "pipeline.error."

var errNoLetter = errors.New("it is no dead letter: it does not say which pipeline it is of")

// cut reports whether only the beginning of a row that was too long is kept.
func (l *letter) cut() bool {
	const kept = 1 << 10
	return l.stage == pipeline.StageSource && len(l.raw) == kept && strings.Contains(l.err, " is longer than max_")
}

// fromMessage makes a letter of a message, whose bytes are the original ones.
func fromMessage(r *pipeline.Record) (*letter, error) {
	l := &letter{key: bytes.Clone(r.Key), raw: r.Raw, time: r.Time}
	report := map[string]string{}
	for _, h := range r.Headers {
		if name, ok := strings.CutPrefix(h.Key, headerPrefix); ok {
			report[name] = string(h.Value)
			continue
		}
		l.headers = append(l.headers, pipeline.Header{Key: h.Key, Value: bytes.Clone(h.Value)})
	}
	l.pipeline, l.stage, l.err = report["pipeline"], report["stage"], report["error"]
	if l.pipeline == "" {
		return nil, errNoLetter
	}
	number := func(name string, bits int) (n int64) {
		n, _ = strconv.ParseInt(report[name], 10, bits) // what says no number is of no use
		return n
	}
	l.origin = pipeline.Origin{Source: report["origin.topic"], Partition: int32(number("origin.partition", 32)), Offset: number("origin.offset", 64)}
	if file, ok := report["origin.file"]; ok {
		l.origin = pipeline.Origin{Source: file, Line: number("origin.line", 64)}
	}
	if at, err := time.Parse(time.RFC3339Nano, report["timestamp"]); err == nil {
		l.time = at
	}
	return l, nil
}

// parse makes a letter of a line of JSON.
func parse(line []byte) (*letter, error) {
	var d jsonvalue.Decoder
	var r pipeline.Record
	if err := d.Decode(line, &r.Value); err != nil {
		return nil, fmt.Errorf("it is no dead letter: %w", err)
	}
	l := &letter{pipeline: text(r.Get("pipeline")), stage: text(r.Get("stage")), err: text(r.Get("error"))}
	if l.pipeline == "" || l.stage == "" {
		return nil, errNoLetter
	}
	origin := pipeline.Record{Value: r.Get("origin")}
	l.origin = pipeline.Origin{Source: text(origin.Get("topic")), Partition: int32(number(origin.Get("partition"))), Offset: number(origin.Get("offset"))}
	if file, ok := origin.Lookup("file"); ok {
		l.origin = pipeline.Origin{Source: text(file), Line: number(origin.Get("line"))}
	}
	if at, err := time.Parse(time.RFC3339Nano, text(r.Get("timestamp"))); err == nil {
		l.time = at
	}
	var errs [3]error
	l.key, errs[0] = decoded(r.Get("key"))
	l.headers, errs[1] = headers(r.Get("headers"))
	errs[2] = l.setValue(r.Get("value"), r.Get("base64").Kind() == pipeline.KindBool)
	return l, errors.Join(errs[:]...)
}

// setValue sets what was read. A row keeps its text, if it is one.
func (l *letter) setValue(v pipeline.Value, encoded bool) (err error) {
	switch {
	case v.Kind() != pipeline.KindString:
		l.value = v
	case l.origin.Line > 0 && !encoded:
		l.raw = []byte(text(v))
	default:
		l.raw, err = decoded(v)
	}
	return err
}

func headers(v pipeline.Value) (hs []pipeline.Header, err error) {
	if v.Kind() != pipeline.KindList {
		return nil, nil
	}
	for _, e := range v.List() {
		h := pipeline.Record{Value: e}
		value, err := decoded(h.Get("value"))
		if err != nil {
			return nil, err
		}
		hs = append(hs, pipeline.Header{Key: text(h.Get("key")), Value: value})
	}
	return hs, nil
}

// text returns a string, and nothing of any other value.
func text(v pipeline.Value) string {
	if v.Kind() != pipeline.KindString {
		return ""
	}
	return v.Str()
}

func number(v pipeline.Value) int64 {
	if v.Kind() != pipeline.KindInt {
		return 0
	}
	return v.Int()
}

// decoded returns bytes that are written as base64, and nil for null.
func decoded(v pipeline.Value) ([]byte, error) {
	if v.Kind() != pipeline.KindString {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(v.Str())
	if err != nil {
		return nil, fmt.Errorf("it is no dead letter: its bytes are not base64: %w", err)
	}
	if b == nil {
		b = []byte{} // empty, which is not none
	}
	return b, nil
}
