package kafka

import (
	"io"
	"strings"
	"testing"
	"time"

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

// Messages behind the end may come with the last ones before it. They are the
// next run's.
func TestUntilLeavesTheRest(t *testing.T) {
	t.Parallel()
	day := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	dated := func(from, to int) []*kgo.Record {
		ms := numbered(0, from, to)
		for i, m := range ms {
			m.Timestamp = day.Add(time.Duration(from+i) * 6 * time.Hour)
		}
		return ms
	}
	for _, until := range []string{"end", "2021-01-02"} {
		c := newCluster(t, kfake.SeedTopics(1, "t"))
		produce(t, c, dated(0, 4)...)
		held, letGo := holdFetches(c)
		s := openSource(t, c, "topics: t, group: g, until: "+until)
		<-held
		produce(t, c, dated(4, 10)...)
		letGo()
		for _, want := range [][]string{{"0", "1", "2", "3"}, {"4", "5", "6", "7", "8", "9"}} {
			records, err := read(t, s, 1000)
			if diff := cmp.Diff(want, values(records)); diff != "" || err != io.EOF {
				t.Errorf("until %s: %v\n%s", until, err, diff)
			}
			if err := s.(pipeline.Committer).Commit(t.Context(), position(records)); err != nil {
				t.Fatal(err)
			}
			closeSource(t, s)
			s = openSource(t, c, "topics: t, group: g, until: end")
		}
		closeSource(t, s)
	}
}

// Without a group, partitions that have come by the time of the end are waited
// for, too.
func TestFinishOfWhatHasCome(t *testing.T) {
	for _, alone := range []bool{true, false} {
		f := newFinish(nil)
		f.assign(partition{"t", 0}, 3)
		f.come(partition{"t", 1}, 0)
		f.come(partition{"t", 1}, 9) // known
		f.read(partition{"t", 1}, 2)
		f.arm(map[partition]int64{{"t", 0}: 3, {"t", 1}: 2, {"t", 2}: 1}, alone)
		if f.reached() == alone {
			t.Errorf("alone %v: reached is %v before the partition that has come is read", alone, f.reached())
		}
		f.read(partition{"t", 2}, 1)
		if !f.reached() {
			t.Errorf("alone %v: the end is not reached", alone)
		}
	}
}
