package pipeline

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValuesComeBackAsTheyWere(t *testing.T) {
	now := time.Date(1700, 1, 2, 3, 4, 5, 6, time.UTC)
	list, fields := []Value{Int(1), String("x")}, []Field{{"a", Bool(true)}, {"b", Null()}}
	for _, tc := range []struct {
		v      Value
		kind   Kind
		same   bool
		text   string
		shown  string
		scalar bool
	}{
		{Null(), KindNull, Null().IsNull(), "", "null", true},
		{Bool(true), KindBool, Bool(true).Bool(), "true", "true", true},
		{Int(math.MinInt64), KindInt, Int(math.MinInt64).Int() == math.MinInt64, "-9223372036854775808", "-9223372036854775808", true},
		{Float(51), KindFloat, Float(51).Float() == 51, "51.0", "51.0", true},
		{String("ü"), KindString, String("ü").Str() == "ü", "ü", `"ü"`, true},
		{String(""), KindString, String("").Str() == "", "", `""`, true},
		{Bytes([]byte{0, 255}), KindBytes, len(Bytes([]byte{0, 255}).Bytes()) == 2, "\x00\xff", `bytes("\x00\xff")`, true},
		{Time(now), KindTime, Time(now).Time().Equal(now), "1700-01-02T03:04:05.000000006Z", "1700-01-02T03:04:05.000000006Z", true},
		{List(list), KindList, cmp.Equal(List(list).List(), list), "", `[1 "x"]`, false},
		{Struct(fields), KindStruct, cmp.Equal(Struct(fields).Fields(), fields), "", "{a: true, b: null}", false},
	} {
		text, scalar := tc.v.Text()
		if tc.v.Kind() != tc.kind || !tc.same || text != tc.text || scalar != tc.scalar || tc.v.String() != tc.shown {
			t.Errorf("%v: kind %v, same %v, text %q, scalar %v", tc.v, tc.v.Kind(), tc.same, text, scalar)
		}
		if c := tc.v.Clone(); !c.Equal(tc.v) || !tc.v.Equal(c) {
			t.Errorf("%v: its clone is %v", tc.v, c)
		}
	}
}

func TestValuesOfOtherKindsDiffer(t *testing.T) {
	vs := []Value{Null(), Bool(false), Int(0), Int(1), Float(0), Float(math.NaN()), String(""), String("a"), Bytes(nil), Bytes([]byte("a")),
		Time(time.Unix(0, 0)), List(nil), List([]Value{Null()}), Struct(nil), Struct([]Field{{"a", Null()}}), Struct([]Field{{"b", Null()}})}
	for i, v := range vs {
		for j, w := range vs {
			if v.Equal(w) != (i == j) {
				t.Errorf("%v equals %v: %v", v, w, v.Equal(w))
			}
		}
	}
}

func TestAccessorsOfAnotherKindPanic(t *testing.T) {
	defer func() {
		if want := "pipeline: a value of kind string is used as int"; recover() != want {
			t.Errorf("no panic that says %q", want)
		}
	}()
	String("x").Int()
}

func TestScalarsCostNoAllocation(t *testing.T) {
	now, text, data := time.Now(), "text", []byte("data")
	var sum int64
	if n := testing.AllocsPerRun(100, func() {
		sum += Int(5).Int() + int64(Float(2).Float()) + int64(len(String(text).Str())) + int64(len(Bytes(data).Bytes())) + Time(now).Time().Unix()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRecordFields(t *testing.T) {
	var r Record
	r.Set("a", Int(1))
	r.Set("b", Int(2))
	r.Set("a", Int(3))
	if diff := cmp.Diff(Struct([]Field{{"a", Int(3)}, {"b", Int(2)}}), r.Value); diff != "" {
		t.Error(diff)
	}
	if v, ok := r.Lookup("c"); ok || !v.IsNull() || r.Remove("c") {
		t.Error("there is a field c")
	}
	if !r.Remove("a") || !r.Get("b").Equal(Int(2)) || len(r.Value.Fields()) != 1 {
		t.Errorf("after removing a: %v", r.Value)
	}
	r.Value = String("no struct")
	if _, ok := r.Lookup("b"); ok || r.Remove("b") {
		t.Error("a string has a field")
	}
}

func TestCloneSharesNothingThatChanges(t *testing.T) {
	r := Record{Key: []byte("k"), Encoded: []byte("e"), Headers: []Header{{"h", []byte("v")}}}
	r.Set("f", List([]Value{Int(1)}))
	c := r.Clone()
	r.Key[0], r.Encoded[0], r.Headers[0].Key = 'x', 'x', "x"
	r.Get("f").List()[0] = Int(2)
	r.Set("f", Null())
	if string(c.Key) != "k" || string(c.Encoded) != "e" || c.Headers[0].Key != "h" || !c.Get("f").Equal(List([]Value{Int(1)})) {
		t.Errorf("the clone has changed: %+v", c)
	}
}

func TestBatchKeepsItsMemory(t *testing.T) {
	b := NewBatch(3, 100)
	fill := func() {
		for !b.Full() {
			r := b.Add(10)
			if len(r.Value.Fields()) != 0 || len(r.Headers) != 0 || r.Key != nil || r.Failure != nil {
				t.Fatalf("not empty: %+v", r)
			}
			r.Set("a", Int(1))
			r.Set("b", Int(2))
			r.Headers = append(r.Headers, Header{Key: "h"})
			r.Key = []byte("x")[:0]
		}
		b.Records[0].Fail(errors.New("bad"))
	}
	fill()
	if len(b.Records) != 3 {
		t.Errorf("a batch of 3 holds %d", len(b.Records))
	}
	b.Reset()
	if n := testing.AllocsPerRun(10, func() {
		for !b.Full() {
			b.Add(10).Set("a", Int(1))
		}
		b.Reset()
	}); n > 0 {
		t.Errorf("%v allocations to fill it again", n)
	}
	fill()
	b = NewBatch(0, 25)
	for !b.Full() {
		b.Add(10)
	}
	if len(b.Records) != 3 {
		t.Errorf("25 bytes are full with %d records of 10", len(b.Records))
	}
}

func TestPosition(t *testing.T) {
	var p Position
	for _, o := range []Origin{{Source: "t", Partition: 1, Offset: 5}, {Source: "t", Partition: 2, Offset: 1}, {Source: "t", Partition: 1, Offset: 6}} {
		p = p.Advance(o)
	}
	want := Position{{Source: "t", Partition: 1, Offset: 6}, {Source: "t", Partition: 2, Offset: 1}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if _, ok := p.Last("t", 3); ok {
		t.Error("a partition that was not read has a position")
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	if err := Permanent(cause); !IsPermanent(err) || !errors.Is(err, cause) || err.Error() != "cause" || IsPermanent(cause) || Permanent(nil) != nil {
		t.Error("permanent errors are not told apart")
	}
	nested := errors.Join(errors.New("a"), errors.Join(errors.New("b"), errors.New("c")))
	if got := Flatten(nested); len(got) != 3 || got[2].Error() != "c" || Flatten(nil) != nil {
		t.Errorf("flattened: %v", got)
	}
}

func TestPositionString(t *testing.T) {
	var p Position
	for n, want := range []string{"", "a:1", "a:1, b[2]@5", "a:1, b[2]@5, c:3", "a:1, b[2]@5, c:3 and 1 more"} {
		if got := p.String(); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
		p = append(p, []Origin{{Source: "a", Line: 1}, {Source: "b", Partition: 2, Offset: 5}, {Source: "c", Line: 3}, {Source: "d", Line: 4}, {}}[n])
	}
}
