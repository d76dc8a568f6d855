package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// upper is a codec whose encoded form is the decoded string in upper case.
type upper struct{}

func (upper) Decode(data []byte, v *pipeline.Value) error {
	if string(data) == "BAD" {
		return errBad
	}
	*v = pipeline.String(strings.ToLower(string(data)))
	return nil
}

func (upper) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	if v.Kind() != pipeline.KindString {
		return append(dst, "half"...), errBad
	}
	return append(dst, strings.ToUpper(v.Str())...), nil
}

func withCodecs(h *harness) {
	codec := pipeline.NewBound("upper", nil, func(context.Context, pipeline.Env) (pipeline.Codec, error) { return upper{}, nil })
	h.plan.Decode, h.plan.Encode = codec, codec
}

// seen runs a harness and returns what the sink saw of each record.
func seen(t *testing.T, h *harness, see func(r *pipeline.Record) string) []string {
	t.Helper()
	var got []string
	h.write = func(b *pipeline.Batch) error {
		for i := range b.Records {
			got = append(got, see(&b.Records[i]))
		}
		return nil
	}
	if st, err := h.run(t, t.Context()); err != nil {
		t.Fatalf("%+v, %v", st, err)
	}
	return got
}

func TestCodecs(t *testing.T) {
	h := newHarness(4)
	withCodecs(h)
	raws := [][]byte{[]byte("A"), nil, []byte("BAD"), []byte("INT")}
	h.read = func(r *pipeline.Record) { r.Raw = raws[number(r)] }
	h.apply = func(r *pipeline.Record) error {
		switch {
		case r.Value.IsNull():
		case r.Value.Str() == "int":
			r.Value = pipeline.Int(1)
		default:
			r.Value = pipeline.String(r.Value.Str() + "b")
		}
		return nil
	}
	h.plan.Errors.OnFailure = config.DeadLetter
	got := seen(t, h, func(r *pipeline.Record) string {
		if r.Encoded == nil {
			return "tombstone"
		}
		return string(r.Encoded)
	})
	if diff := cmp.Diff([]string{"AB", "tombstone"}, got); diff != "" {
		t.Error(diff)
	}
	var stages []string
	for i := range h.buried {
		stages = append(stages, h.buried[i].Get("stage").Str()+" "+h.buried[i].Get("plugin").Str()+" "+string(h.buried[i].Encoded))
	}
	if diff := cmp.Diff([]string{"decode upper BAD", "encode upper INT"}, stages); diff != "" {
		t.Error(diff)
	}
}

// An empty value differs from a null one, also as the first of a batch.
func TestEmptyIsNotNull(t *testing.T) {
	h := newHarness(2)
	h.batch = 1
	withCodecs(h)
	h.read = func(r *pipeline.Record) { r.Raw = [][]byte{{}, nil}[number(r)] }
	got := seen(t, h, func(r *pipeline.Record) string { return fmt.Sprintf("%q, null: %v", r.Encoded, r.Encoded == nil) })
	if diff := cmp.Diff([]string{`"", null: false`, `"", null: true`}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFilteringCostsNoAllocation(t *testing.T) {
	h := newHarness(0)
	p := New(&h.plan, h.opts)
	w := &worker{Pipeline: p}
	s := &step{name: "filter", transform: pipeline.TransformFunc(func(*pipeline.Record) error { return pipeline.ErrFiltered })}
	var r pipeline.Record
	if n := testing.AllocsPerRun(100, func() { w.apply(s, &r) }); n > 0 || r.Failure != filtered {
		t.Errorf("%v allocations, and fails with %v", n, r.Failure)
	}
}

func TestPassThrough(t *testing.T) {
	h := newHarness(2)
	h.plan.PassThrough = true
	h.read = func(r *pipeline.Record) { r.Raw = []byte{'x', byte('0' + number(r))} }
	if diff := cmp.Diff([]string{"x0", "x1"}, seen(t, h, func(r *pipeline.Record) string { return string(r.Encoded) })); diff != "" {
		t.Error(diff)
	}
}

func TestDeadLetterTellsEverything(t *testing.T) {
	row := pipeline.Record{Raw: []byte("a,b"), Key: []byte("k"), Origin: pipeline.Origin{Source: "x.csv", Line: 7},
		Headers: []pipeline.Header{{Key: "h", Value: []byte("v")}}}
	row.Fail(errBad)
	message := pipeline.Record{Raw: []byte{0xff}, Origin: pipeline.Origin{Source: "t", Partition: 2, Offset: 9}}
	message.Failure = &pipeline.Failure{Err: errBad, Stage: pipeline.StageTransform, Plugin: "cast", Attempts: 3}
	made := pipeline.Record{Origin: pipeline.Origin{Source: "\xff.csv", Line: 1}}
	made.Set("n", pipeline.Float(math.NaN()))
	made.Fail(errors.New("bad \xff"))
	odd := pipeline.Record{Raw: []byte("\xff"), Time: time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC),
		Origin: pipeline.Origin{Source: "x.csv", Line: 8}, Place: &pipeline.Origin{Source: "letters", Line: 1}}
	odd.Fail(errBad)
	h := newHarness(0)
	w := &writer{Pipeline: New(&h.plan, h.opts)}
	now := time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		record  pipeline.Record
		value   string
		headers []string
	}{
		{row, `{pipeline: "test", stage: "source", plugin: "numbers", error: "bad number", attempts: 1, time: 2021-01-02T03:04:05Z, ` +
			`origin: {file: "x.csv", line: 7}, key: bytes("k"), value: "a,b", headers: [{key: "h", value: bytes("v")}]}`,
			[]string{"h=v", "pipeline.error.pipeline=test", "pipeline.error.stage=source", "pipeline.error.plugin=numbers",
				"pipeline.error.error=bad number", "pipeline.error.attempts=1", "pipeline.error.time=2021-01-02T03:04:05Z",
				"pipeline.error.origin.file=x.csv", "pipeline.error.origin.line=7"}},
		{message, `{pipeline: "test", stage: "transform", plugin: "cast", error: "bad number", attempts: 3, time: 2021-01-02T03:04:05Z, ` +
			`origin: {topic: "t", partition: 2, offset: 9}, key: null, value: bytes("\xff"), headers: []}`,
			[]string{"pipeline.error.pipeline=test", "pipeline.error.stage=transform", "pipeline.error.plugin=cast",
				"pipeline.error.error=bad number", "pipeline.error.attempts=3", "pipeline.error.time=2021-01-02T03:04:05Z",
				"pipeline.error.origin.topic=t", "pipeline.error.origin.partition=2", "pipeline.error.origin.offset=9"}},
		{made, `{pipeline: "test", stage: "source", plugin: "numbers", error: "bad �", attempts: 1, time: 2021-01-02T03:04:05Z, ` +
			`origin: {file: "�.csv", line: 1}, key: null, value: "{n: NaN}", headers: []}`,
			[]string{"pipeline.error.pipeline=test", "pipeline.error.stage=source", "pipeline.error.plugin=numbers",
				"pipeline.error.error=bad �", "pipeline.error.attempts=1", "pipeline.error.time=2021-01-02T03:04:05Z",
				"pipeline.error.origin.file=�.csv", "pipeline.error.origin.line=1"}},
		{odd, `{pipeline: "test", stage: "source", plugin: "numbers", error: "bad number", attempts: 1, time: 2021-01-02T03:04:05Z, ` +
			`origin: {file: "x.csv", line: 8}, timestamp: 2020-01-02T03:04:05.000000006Z, key: null, value: bytes("\xff"), headers: [], base64: true}`,
			[]string{"pipeline.error.pipeline=test", "pipeline.error.stage=source", "pipeline.error.plugin=numbers",
				"pipeline.error.error=bad number", "pipeline.error.attempts=1", "pipeline.error.time=2021-01-02T03:04:05Z",
				"pipeline.error.origin.file=x.csv", "pipeline.error.origin.line=8", "pipeline.error.timestamp=2020-01-02T03:04:05.000000006Z"}},
	} {
		letter := w.letter(&tc.record, now)
		if diff := cmp.Diff(tc.value, letter.Value.String()); diff != "" {
			t.Error(diff)
		}
		if _, err := jsonvalue.Append(nil, letter.Value, jsonvalue.Compact); err != nil {
			t.Errorf("can't be written as JSON: %v", err)
		}
		var headers []string
		for _, h := range letter.Headers {
			headers = append(headers, h.Key+"="+string(h.Value))
		}
		if diff := cmp.Diff(tc.headers, headers); diff != "" {
			t.Error(diff)
		}
		want := string(tc.record.Raw)
		if tc.record.Raw == nil { // then it is what the source made, as JSON
			want = `"{n: NaN}"`
		}
		if string(letter.Encoded) != want {
			t.Errorf("the original bytes %q became %q", want, letter.Encoded)
		}
	}
}
