package kafka

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

var mergeStart = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// at is a message at a time in milliseconds, which is its value, too.
func at(partition int32, ms int64) *kgo.Record {
	return &kgo.Record{Partition: partition, Value: fmt.Append(nil, ms), Timestamp: mergeStart.Add(time.Duration(ms) * time.Millisecond)}
}

// openPaced opens the source for a pipeline with a pace.
func openPaced(t testing.TB, c *kfake.Cluster, options string, position ...pipeline.Origin) *source {
	t.Helper()
	env := kafkatest.NewLog(t).Env()
	env.Paced, env.Position = true, position
	s, err := bind(t, c.ListenAddrs(), options).Open(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if g, ok := s.(groupSource); ok {
		return g.source
	}
	return s.(*source)
}

func texts(records []pipeline.Record) string {
	var all []string
	for _, r := range records {
		all = append(all, string(r.Raw))
	}
	return strings.Join(all, " ")
}

func TestMergeOrder(t *testing.T) {
	for _, tc := range []struct {
		name     string
		messages [][]int64 // of each partition
		options  string
		want     string
	}{
		{"in turn", [][]int64{{1, 4, 7}, {2, 5, 8}, {3, 6}}, "", "1 2 3 4 5 6 7 8"},
		{"apart", [][]int64{{100, 101}, {1, 2}, {50}}, "", "1 2 50 100 101"},
		{"backwards goes at once", [][]int64{{10, 5, 11}, {7, 12}}, "", "7 10 5 11 12"},
		{"equal", [][]int64{{1, 1, 2}, {1, 2, 2}}, "", "1 1 1 2 2 2"},
		{"an empty partition", [][]int64{{2}, {}, {1}}, "", "1 2"},
		{"from one instant to another", [][]int64{{1000, 4000, 7000}, {2000, 5000, 8000}}, "from: '2026-03-02T08:00:02Z', until: '2026-03-02T08:00:07Z'", "2000 4000 5000"},
		{"some", [][]int64{{1, 3}, {2, 4}}, "until: {records: 3}", "1 2 3"},
		{"of a group", [][]int64{{1, 3}, {2, 4}}, "group: g", "1 2 3 4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, kfake.SeedTopics(int32(len(tc.messages)), "t"))
			for p, times := range tc.messages {
				for _, ms := range times {
					produce(t, c, at(int32(p), ms))
				}
			}
			options := "topics: t"
			for _, o := range []string{tc.options, "until: end", "group: none"} {
				if name, _, _ := strings.Cut(o, ":"); o != "" && !strings.Contains(options, name+":") {
					options += ", " + o
				}
			}
			records, err := read(t, openPaced(t, c, options), 100)
			if got := texts(records); got != tc.want {
				t.Errorf("%s: %q, want %q (%v)", options, got, tc.want, err)
			}
		})
	}
}

// However the messages lie, all come, in order, in small memory.
func TestMergeMuch(t *testing.T) {
	t.Parallel()
	const partitions, n = 5, 12_000
	c := newCluster(t, kfake.SeedTopics(partitions, "t"))
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1<<22)
	rand.NewChaCha8([32]byte{}).Read(noise)
	var all []*kgo.Record
	var want []int64
	for i := range int64(n) {
		p := r.Int32N(2)
		if i > n/2 { // the others' messages all are later
			p = 2 + r.Int32N(partitions-2)
		}
		m := at(p, i)
		m.Key = noise[r.IntN(len(noise)-2000):][:2000] // which can't be compressed
		all, want = append(all, m), append(want, i)
	}
	produce(t, c, all...)
	s := openPaced(t, c, "topics: t, group: none, until: end")
	s.merge.lookahead = partitions * lookaheadMin
	most, b := 0, new(pipeline.Batch)
	var got []int64
	for b.Reset(); s.Read(t.Context(), b) == nil; b.Reset() {
		for _, r := range b.Records {
			got = append(got, r.Time.Sub(mergeStart).Milliseconds())
		}
		for _, q := range s.merge.queues {
			most = max(most, q.size)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("not all messages come in order:", len(got), "of", len(want), slices.IsSorted(got))
	}
	if most == 0 || most > 3<<20 { // its share, and what one fetch brings
		t.Errorf("of a partition %d bytes were held", most)
	}
}

// A partition that is read to where it is does not hold up the others.
func TestMergeGoesOn(t *testing.T) {
	t.Parallel()
	c := newCluster(t, kfake.SeedTopics(2, "t"))
	produce(t, c, at(0, 5))
	s := openPaced(t, c, "topics: t, group: none")
	for _, step := range []struct {
		partition int32
		ms        int64
	}{{0, 0}, {1, 3}, {1, 4}, {0, 6}} {
		if step.ms > 0 {
			produce(t, c, at(step.partition, step.ms))
		}
		if records, err := read(t, s, 1); len(records) != 1 {
			t.Fatal(texts(records), err)
		}
	}
}

// A partition that should have more, but never gets it, is given up.
func TestMergeGivesUp(t *testing.T) {
	t.Parallel()
	c := newCluster(t, kfake.SeedTopics(2, "t"))
	produce(t, c, at(0, 5), at(1, 6))
	s := openPaced(t, c, "topics: t, group: none")
	s.merge.patience = 10 * time.Millisecond
	s.table.hear(map[partition]int64{{"t", 1}: 1 << 40})
	if records, err := read(t, s, 2); texts(records) != "5 6" {
		t.Error(texts(records), err)
	}
	produce(t, c, at(0, 7))
	if records, err := read(t, s, 1); texts(records) != "7" {
		t.Error(texts(records), err)
	}
}

// It goes on where it was.
func TestMergeResumes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, kfake.SeedTopics(2, "t"))
	produce(t, c, at(0, 1), at(0, 3), at(0, 5), at(1, 2), at(1, 4), at(1, 6))
	first, err := read(t, openPaced(t, c, "topics: t, group: none, until: {records: 3}"), 3)
	if texts(first) != "1 2 3" {
		t.Fatal(texts(first), err)
	}
	var p pipeline.Position
	for _, r := range first {
		p = p.Advance(r.Origin)
	}
	rest, err := read(t, openPaced(t, c, "topics: t, group: none, until: end", p...), 10)
	if texts(rest) != "4 5 6" {
		t.Error(texts(rest), err)
	}
}
