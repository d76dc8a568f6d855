package pipeline

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// numbered returns a batch of records with the keys 0 to n-1.
func numbered(n int) *Batch {
	b := &Batch{}
	for i := range n {
		r := b.Add(1)
		r.Key, r.Raw = fmt.Append(nil, i), fmt.Append(nil, "raw ", i)
		r.Headers = append(r.Headers, Header{"n", r.Key})
		r.Time, r.Origin = time.Unix(int64(i), 0), Origin{Source: "s", Offset: int64(i)}
	}
	return b
}

func list(o *Results) (texts []string) {
	for i, r := range o.All() {
		texts = append(texts, fmt.Sprintf("%d: %s %v %s %v %d", i, r.Key, r.Value, r.Raw, r.Origin, len(r.Headers)))
	}
	return texts
}

func TestResults(t *testing.T) {
	b := numbered(3)
	var o Results
	o.Reset(b)
	o.For(2)
	o.Keep()
	added := o.Add()
	added.Set("x", Int(1))
	added.Origin, added.Raw = Origin{}, nil
	added.Headers = append(added.Headers, Header{Key: "more"})
	o.For(1)
	o.Add()
	o.For(0)
	o.Add().Key = []byte("new")
	o.For(1)
	o.Drop(1)
	want := []string{"0: new {} raw 0 s[0]@0 1", "2: 2 {} raw 2 s[0]@2 1", "2: 2 {x: 1} raw 2 s[0]@2 2"}
	if diff := cmp.Diff(want, list(&o)); diff != "" || o.Len() != 3 {
		t.Error(o.Len(), diff)
	}
	if len(b.Records[2].Headers) != 1 {
		t.Errorf("the record has its result's headers: %v", b.Records[2].Headers)
	}
	o.Reset(b)
	o.Keep()
	if diff := cmp.Diff([]string{"0: 0 {} raw 0 s[0]@0 1"}, list(&o)); diff != "" {
		t.Error(diff)
	}
}

func TestOneByOne(t *testing.T) {
	bad := errors.New("bad")
	h := HandlerFunc(func(_ context.Context, r *Record, out *Results) error {
		out.Keep()
		if string(r.Key) == "1" {
			return bad
		}
		return nil
	})
	b := numbered(3)
	var o Results
	o.Reset(b)
	if err := h.Handle(t.Context(), b, &o); err != nil || b.Records[1].Failure.Err != bad {
		t.Errorf("%v, %v", err, b.Records[1].Failure)
	}
	if diff := cmp.Diff([]string{"0: 0 {} raw 0 s[0]@0 1", "2: 2 {} raw 2 s[0]@2 1"}, list(&o)); diff != "" {
		t.Error(diff)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestHandlerTransform(t *testing.T) {
	bad := errors.New("bad")
	results := func(n int, err error) HandlerTransform {
		return HandlerTransform{HandlerFunc(func(_ context.Context, _ *Record, out *Results) error {
			for range n {
				out.Add().Set("x", Int(1))
			}
			return err
		})}
	}
	for _, c := range []struct {
		handler HandlerTransform
		want    string
	}{
		{results(1, nil), "<nil> {x: 1}"},
		{results(0, nil), "filtered {}"},
		{results(2, nil), "the handler returns several records {}"},
		{results(1, bad), "bad {}"},
	} {
		r := Record{Value: Struct(nil)}
		err := c.handler.Apply(t.Context(), &r)
		if got := fmt.Sprint(err, " ", r.Value); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// A result is where its record is, also one whose place is a dead letter's.
func TestResultsHaveThePlaceOfTheirRecord(t *testing.T) {
	letter := Origin{Source: "letters", Line: 3}
	b := &Batch{Records: []Record{{Origin: Origin{Source: "t"}, Place: &letter}}}
	var out Results
	out.Reset(b)
	out.Add()
	for _, r := range out.All() {
		if r.At() != letter || r.Origin.Source != "t" {
			t.Errorf("%v, from %v", r.At(), r.Origin)
		}
	}
}
