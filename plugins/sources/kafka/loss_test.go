package kafka

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Messages that are deleted before they were read fail the pipeline, or are
// told of.
func TestDataLoss(t *testing.T) {
	tests := []struct {
		name    string
		options string
		deleted bool // before the start, rather than while it reads
	}{
		{"while it reads with a group", "group: g", false},
		{"while it reads without a group", "group: none", false},
		{"since it was committed", "group: g", true},
		{"since it was left", "group: none", true},
	}
	for _, tt := range tests {
		for _, policy := range []string{"", "on_data_loss: continue"} {
			t.Run(tt.name+"/"+policy, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, kfake.SeedTopics(1, "t"))
				produce(t, c, numbered(0, 0, 10)...)
				log := kafkatest.NewLog(t)
				var s pipeline.Source
				if tt.deleted {
					commitAs(t, c, "g", 10)
				} else {
					s = openLogged(t, c, log, "topics: t, "+tt.options+", "+policy)
					readValues(t, s, 10)
				}
				_, end := holdFetches(c)
				produce(t, c, numbered(0, 10, 100)...)
				if err := c.DeleteRecords("t", 0, 60); err != nil {
					t.Fatal(err)
				}
				end()
				if tt.deleted {
					s = openLogged(t, c, log, "topics: t, "+tt.options+", "+policy, pipeline.Origin{Source: "t", Offset: 9})
				}
				defer closeSource(t, s)
				if policy == "" {
					_, err := read(t, s, 1)
					const want = `topic "t", partition 0: the messages from offset 10 to 59 (at most 50) are gone before they were read, by the topic's retention or a deletion; to go on without them, set on_data_loss: continue`
					if err == nil || err.Error() != want || !pipeline.IsPermanent(err) {
						t.Errorf("got  %v\nwant %s", err, want)
					}
					return
				}
				if diff := cmp.Diff(values60to(100), readValues(t, s, 40)); diff != "" {
					t.Error(diff)
				}
				log.Await("going on after them\" topic=t partition=0 from=10 to=59 lost_at_most=50", time.Second)
				if n := s.(pipeline.Loser).Lost(); n != 50 {
					t.Errorf("%d messages are lost, want 50", n)
				}
			})
		}
	}
}

func values60to(end int) (vs []string) {
	for i := 60; i < end; i++ {
		vs = append(vs, fmt.Sprint(i))
	}
	return vs
}

// A gap in the offsets that compaction or a transaction has left is no loss.
func TestGapsAreNoLoss(t *testing.T) {
	table := newTable(&Options{})
	p := partition{"t", 0}
	table.assign(p, 10)
	for _, step := range []struct {
		first, last, start int64
		want               loss
	}{
		{first: 15, last: 20, start: 0},
		{first: 30, last: 30, start: 21},
		{first: 50, last: 60, start: 40, want: loss{p, 31, 40}},
		{first: 70, last: 80, start: 90, want: loss{p, 61, 70}},
	} {
		if _, got := table.fetch(p, step.first, step.last, step.start, 100); got != step.want {
			t.Errorf("%+v: %+v", step, got)
		}
	}
}

// A topic that is deleted, and one that is made anew.
func TestTopicMadeAnew(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"group: g", "group: none", "group: none, partitions: [0]", "group: g, topics: /^t$/"} {
		for _, policy := range []string{"", "on_data_loss: continue"} {
			t.Run(options+"/"+policy, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, kfake.SeedTopics(1, "t"))
				produce(t, c, numbered(0, 0, 10)...)
				topics := ", topics: t"
				if strings.Contains(options, "topics") {
					topics = ""
				}
				log := kafkatest.NewLog(t)
				s := openLogged(t, c, log, options+topics+", "+policy)
				defer closeSource(t, s)
				records, err := read(t, s, 10)
				if err != nil {
					t.Fatal(err)
				}
				commit(t, s, records[:5])
				if err := c.DeleteTopic("t"); err != nil {
					t.Fatal(err)
				}
				if err := c.CreateTopic("t", 1, nil); err != nil {
					t.Fatal(err)
				}
				produce(t, c, numbered(0, 100, 105)...)
				if policy == "" {
					_, err := read(t, s, 1)
					const want = `topic "t" has been deleted and made anew while it was read; what was not read of it is lost; to go on with what it holds, from its beginning, set on_data_loss: continue`
					if err == nil || err.Error() != want || !pipeline.IsPermanent(err) {
						t.Errorf("got  %v\nwant %s", err, want)
					}
					return
				}
				got := make(chan []pipeline.Record)
				go func() {
					more, err := read(t, s, 5)
					if err != nil {
						t.Error(err)
					}
					got <- more
				}()
				log.Await("from its beginning", 20*time.Second)
				commit(t, s, records) // the end of the old one
				more := <-got
				if diff := cmp.Diff([]string{"100", "101", "102", "103", "104"}, values(more)); diff != "" {
					t.Error(diff)
				}
				if g, ok := s.(groupSource); ok {
					commit(t, s, more)
					g.group.flush()
					if at := committed(t, c, "g", 0); at != 5 {
						t.Errorf("%d are committed, want 5", at)
					}
				}
			})
		}
	}
}

func commit(t *testing.T, s pipeline.Source, records []pipeline.Record) {
	t.Helper()
	if c, ok := s.(pipeline.Committer); ok {
		if err := c.Commit(t.Context(), position(records)); err != nil {
			t.Fatal(err)
		}
	}
}

// A group's position beyond the end of a topic is that of an older one.
func TestPositionBeyondEnd(t *testing.T) {
	for _, policy := range []string{"", "on_data_loss: continue"} {
		c := newCluster(t, kfake.SeedTopics(1, "t"))
		produce(t, c, numbered(0, 0, 5)...)
		commitAs(t, c, "g", 50)
		s := openSource(t, c, "topics: t, group: g, "+policy)
		defer closeSource(t, s)
		records, err := read(t, s, 5)
		const want = `topic "t" ends at offset 5, before offset 50, which comes next: it was deleted and made anew, or its brokers have lost messages; `
		if policy == "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("got  %v\nwant %s…", err, want)
		}
		if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, values(records)); policy != "" && diff != "" {
			t.Error(diff)
		}
	}
}

// The last messages before the end may vanish before they are read.
func TestUntilEndOfWhatVanishes(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"group: g", "group: none"} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, kfake.SeedTopics(2, "t"))
			produce(t, c, append(numbered(0, 0, 10), numbered(1, 10, 13)...)...)
			_, end := holdFetches(c)
			s := openSource(t, c, "topics: t, until: end, on_data_loss: continue, "+options)
			defer closeSource(t, s)
			if err := c.DeleteRecords("t", 0, 10); err != nil {
				t.Fatal(err)
			}
			end()
			records, err := read(t, s, 20)
			if diff := cmp.Diff([]string{"10", "11", "12"}, values(records)); diff != "" || err != io.EOF {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// What is lost with a topic is what was there and not fetched.
func TestUnfetched(t *testing.T) {
	table := newTable(&Options{})
	for p, s := range map[partition]state{
		{"t", 0}: {owned: true, fetched: 4, end: 9},
		{"t", 1}: {owned: true, fetched: 9, end: 8}, // what was last heard is of before
		{"t", 2}: {fetched: 0, end: 100},            // another member's
		{"u", 0}: {owned: true, end: 100},
	} {
		table.states[p] = &s
	}
	if n := table.unfetched("t"); n != 5 {
		t.Errorf("%d messages, want 5", n)
	}
}
