package kafka

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestUntilEnd(t *testing.T) {
	tests := []struct {
		name      string
		options   string
		committed int64
		before    []*kgo.Record
		want      []string
	}{
		{"all", "", 0, append(numbered(0, 0, 3), numbered(1, 3, 5)...), []string{"0", "1", "2", "3", "4"}},
		{"the rest", "", 2, numbered(0, 0, 4), []string{"2", "3"}},
		{"nothing is left", "", 4, numbered(0, 0, 4), nil},
		{"nothing is there", "", 0, nil, nil},
		{"from the end", "from: end", 0, numbered(0, 0, 4), nil},
		{"from the beginning", "from: beginning", 2, numbered(0, 0, 4), []string{"0", "1", "2", "3"}},
	}
	for _, tt := range tests {
		for _, group := range []string{"g", "none"} {
			t.Run(tt.name+"/"+group, func(t *testing.T) {
				c := newCluster(t, kfake.SeedTopics(3, "t"))
				produce(t, c, tt.before...)
				var last []pipeline.Origin
				if tt.committed > 0 {
					commitAs(t, c, "g", tt.committed)
					last = []pipeline.Origin{{Source: "t", Offset: tt.committed - 1}}
				}
				s := openSource(t, c, "topics: t, until: end, group: "+group+", "+tt.options, last...)
				defer closeSource(t, s)
				// What comes after the start is not read.
				produce(t, c, append(numbered(0, 100, 110), numbered(2, 100, 110)...)...)
				records, err := read(t, s, 1000)
				if err != io.EOF {
					t.Fatalf("got %v, want EOF", err)
				}
				if diff := cmp.Diff(tt.want, values(records), cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
					t.Error(diff)
				}
				if err := s.Read(t.Context(), new(pipeline.Batch)); err != io.EOF {
					t.Errorf("then %v, want EOF", err)
				}
			})
		}
	}
}

// The last offsets of a topic may be those of a transaction's end.
func TestUntilEndOfTransaction(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	client := newClient(t, c, kgo.TransactionalID("x"), kgo.DefaultProduceTopic("t"))
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(t.Context(), numbered(0, 0, 2)...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, c, "topics: t, until: end")
	defer closeSource(t, s)
	records, err := read(t, s, 1000)
	if diff := cmp.Diff([]string{"0", "1"}, values(records)); diff != "" || err != io.EOF {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestProgress(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(2, "t"))
	produce(t, c, append(numbered(0, 0, 6), numbered(1, 0, 2)...)...)
	s := openSource(t, c, "topics: t, until: end, group: none", pipeline.Origin{Source: "t", Offset: 1})
	defer closeSource(t, s)
	records, err := read(t, s, 6)
	if err != nil {
		t.Fatal(err)
	}
	p := s.(pipeline.Progresser)
	if share, ok := p.Progress(records[5].Origin); share != 1 || !ok {
		t.Errorf("at the last: %v, %v", share, ok)
	}
	if share, ok := p.Progress(pipeline.Origin{Source: "t", Offset: 3}); share != 4./6 || !ok {
		t.Errorf("with two to go: %v, %v", share, ok)
	}
	endless := openSource(t, c, "topics: t, group: none")
	defer closeSource(t, endless)
	if _, ok := endless.(pipeline.Progresser).Progress(records[5].Origin); ok {
		t.Error("progress without an end")
	}
}

func TestFinishOfGroup(t *testing.T) {
	a, b := partition{"t", 0}, partition{"t", 1}
	f := newFinish(map[partition]int64{a: 10, b: 10})
	if f.check(); f.reached() {
		t.Fatal("reached before anything is assigned")
	}
	f.assign(a, 5)
	f.assign(b, 10)
	f.assign(partition{"t", 2}, 0) // is younger than the start
	if f.check(); f.reached() {
		t.Fatal("reached with 5 to go")
	}
	f.read(a, 9)
	f.revoke(b)
	if f.reached() {
		t.Fatal("reached with 1 to go")
	}
	f.assign(b, 3)
	f.read(a, 10)
	if f.reached() {
		t.Fatal("reached with 7 to go")
	}
	f.revoke(b)
	if !f.reached() {
		t.Fatal("not reached")
	}
}
