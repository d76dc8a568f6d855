package fields

import (
	"fmt"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

func fieldsOf(names ...string) []pipeline.Field {
	var fs []pipeline.Field
	for _, name := range names {
		fs = append(fs, pipeline.Field{Name: name})
	}
	return fs
}

func TestIndex(t *testing.T) {
	f := Refs([]string{"b"})[0]
	for _, c := range []struct {
		names []string
		want  int
	}{
		{[]string{"a", "b", "c"}, 1},
		{[]string{"a", "b", "c"}, 1},
		{[]string{"b"}, 0},           // moved to the front, in a shorter record
		{[]string{"a", "c", "b"}, 2}, // moved to the end
		{[]string{"a", "c", "d"}, -1},
		{nil, -1},
		{[]string{"a", "c", "b"}, 2},
	} {
		if got := f.Index(fieldsOf(c.names...)); got != c.want {
			t.Errorf("b in %v is found at %d, want %d", c.names, got, c.want)
		}
	}
}

func TestMissing(t *testing.T) {
	var many []string
	for i := range 25 {
		many = append(many, fmt.Sprint(i))
	}
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, `the record has no field "x"; it has none at all`},
		{[]string{"a", "b"}, `the record has no field "x"; it has a, b`},
		{many, `the record has no field "x"; it has 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …`},
	} {
		f := Ref{Name: "x"}
		_, err := f.Find(fieldsOf(c.names...))
		if err == nil || err.Error() != c.want || !pipeline.IsPermanent(err) {
			t.Errorf("of %v: %v, permanent %t; want permanent %s", c.names, err, pipeline.IsPermanent(err), c.want)
		}
	}
}

func TestOf(t *testing.T) {
	r := pipeline.Record{Value: pipeline.Struct(fieldsOf("a"))}
	if fs, err := Of(&r); err != nil || len(fs) != 1 {
		t.Errorf("of a struct: %v, %v", fs, err)
	}
	r.Value = pipeline.Null()
	if _, err := Of(&r); !pipeline.IsPermanent(err) {
		t.Errorf("of null: %v, want a permanent error", err)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		yaml string
		want Names
		err  string
	}{
		{yaml: "[a, b]", want: Names{"a", "b"}},
		{yaml: "a", want: Names{"a"}},
		{yaml: "[1, true]", want: Names{"1", "true"}},
		{yaml: "[]", err: "t.yaml:1:1: wants the names of one or more fields"},
		{yaml: "", err: "t.yaml:1:1: wants the names of one or more fields"},
		{yaml: "[a, b, a, b]", err: "t.yaml:1:8: field \"a\" is named twice\nt.yaml:1:11: field \"b\" is named twice"},
		{yaml: "[a, [b]]", err: "t.yaml:1:5: wants a value, not a list"},
		{yaml: "{a: b}", err: "t.yaml:1:1: wants a value, not a mapping"},
	} {
		node := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: 1, Column: 1}
		if c.yaml != "" {
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(c.yaml), &doc); err != nil {
				t.Fatal(err)
			}
			node = *doc.Content[0]
		}
		var got Names
		err := pipeline.Node{File: "t.yaml", YAML: &node}.Decode(&got)
		if text := fmt.Sprint(err); c.err != "" && text != c.err {
			t.Errorf("%s: %v, want %s", c.yaml, err, c.err)
		}
		if c.err == "" && (err != nil || !cmp.Equal(got, c.want)) {
			t.Errorf("%s: %v, %v, want %v", c.yaml, got, err, c.want)
		}
	}
}
