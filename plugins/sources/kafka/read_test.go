package kafka

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

var anyOrder = cmpopts.SortSlices(strings.Compare)

// Topics that a regular expression matches are read, those that come later
// too, and no others.
func TestTopicsByPattern(t *testing.T) {
	t.Parallel() // it is looked for topics from time to time
	for _, group := range []string{"g", "none"} {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, kfake.SeedTopics(1, "s-1", "s-2", "other", "plain"))
			send := func(topic string) {
				client := newClient(t, c)
				defer client.Close()
				if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(topic)}).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			for _, topic := range []string{"s-1", "s-2", "other", "plain"} {
				send(topic)
			}
			log := kafkatest.NewLog(t)
			s := openLogged(t, c, log, "topics: [/^s-/, plain], group: "+group)
			defer closeSource(t, s)
			if diff := cmp.Diff([]string{"plain", "s-1", "s-2"}, readValues(t, s, 3), anyOrder); diff != "" {
				t.Error(diff)
			}
			later := make(chan []string)
			go func() { later <- readValues(t, s, 1) }()
			if err := c.CreateTopic("s-3", 1, nil); err != nil {
				t.Fatal(err)
			}
			send("s-3")
			if diff := cmp.Diff([]string{"s-3"}, <-later); diff != "" {
				t.Error(diff)
			}
			log.Await(`msg="found a topic" topic=s-3`, time.Second)
		})
	}
}

// Partitions that a topic is given are read from their beginning.
func TestTopicGrows(t *testing.T) {
	t.Parallel()
	later := ", until: '" + time.Now().Add(time.Hour).Format(time.RFC3339) + "'"
	for _, options := range []string{"group: g", "group: none", "group: g, from: end", "group: none, from: end", "group: g" + later, "group: none" + later} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, kfake.SeedTopics(2, "t"))
			s := openSource(t, c, "topics: t, "+options)
			defer closeSource(t, s)
			got := make(chan []string)
			go func() { got <- readValues(t, s, 4) }()
			if _, err := kadm.NewClient(newClient(t, c)).CreatePartitions(t.Context(), 2, "t"); err != nil {
				t.Fatal(err)
			}
			for p := range int32(4) {
				produce(t, c, numbered(p, int(p), int(p)+1)...)
			}
			if diff := cmp.Diff([]string{"0", "1", "2", "3"}, <-got, anyOrder); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPartitions(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(3, "t"))
	for p := range int32(3) {
		produce(t, c, numbered(p, int(p), int(p)+1)...)
	}
	s := openSource(t, c, "topics: t, group: none, partitions: [0, 2], until: end")
	defer closeSource(t, s)
	records, err := read(t, s, 10)
	if diff := cmp.Diff([]string{"0", "2"}, values(records), anyOrder); diff != "" || err != io.EOF {
		t.Errorf("%v\n%s", err, diff)
	}
	_, err = bind(t, c.ListenAddrs(), "topics: t, group: none, partitions: [0, 3]").Open(t.Context(), testEnv(t))
	if err == nil || err.Error() != `topic "t" has no partition 3` || !pipeline.IsPermanent(err) {
		t.Error(err)
	}
}

func TestUntil(t *testing.T) {
	at := time.UnixMilli(1_600_000_000_000).UTC()
	minute := func(n int) string { return at.Add(time.Duration(n) * time.Minute).Format(time.RFC3339) }
	tests := []struct {
		until string
		want  []string
	}{
		{"{records: 3}", []string{"0", "1", "2"}},
		{"'" + minute(4) + "'", []string{"0", "1", "2", "3"}},
		{"'" + minute(100) + "'", []string{"0", "1", "2", "3", "4", "5"}},
		{"'" + minute(-1) + "'", nil},
	}
	for _, tt := range tests {
		for _, group := range []string{"g", "none"} {
			t.Run(tt.until+"/"+group, func(t *testing.T) {
				c := newCluster(t, kfake.SeedTopics(1, "t"))
				messages := numbered(0, 0, 6)
				for i, m := range messages {
					m.Timestamp = at.Add(time.Duration(i) * time.Minute)
				}
				produce(t, c, messages...)
				s := openSource(t, c, "topics: t, until: "+tt.until+", group: "+group)
				defer closeSource(t, s)
				records, err := read(t, s, 10)
				if diff := cmp.Diff(tt.want, values(records), cmpopts.EquateEmpty()); diff != "" || err != io.EOF {
					t.Errorf("%v\n%s", err, diff)
				}
			})
		}
	}
}

// A time to come: messages before it are read, and then it is over, whether
// messages come or not.
func TestUntilLater(t *testing.T) {
	t.Parallel()
	for _, comes := range []bool{true, false} {
		c := newCluster(t, kfake.SeedTopics(2, "t"))
		until := time.Now().Add(time.Second)
		s := openSource(t, c, "topics: t, until: '"+until.Format(time.RFC3339Nano)+"'")
		defer closeSource(t, s)
		messages := numbered(0, 0, 2)
		produce(t, c, messages...)
		if comes {
			late := numbered(0, 2, 3)
			late[0].Timestamp = until.Add(time.Hour)
			produce(t, c, late...)
		}
		records, err := read(t, s, 10)
		if diff := cmp.Diff([]string{"0", "1"}, values(records)); diff != "" || err != io.EOF {
			t.Errorf("%v\n%s", err, diff)
		}
		if time.Now().Before(until) {
			t.Error("it is over too early")
		}
	}
}

// What a transaction has not committed is read only on request, and what it has
// aborted is not missed.
func TestIsolation(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	transact := func(how kgo.TransactionEndTry, from, to int) {
		client := newClient(t, c, kgo.TransactionalID("x"), kgo.DefaultProduceTopic("t"))
		defer client.Close()
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), numbered(0, from, to)...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	transact(kgo.TryCommit, 0, 2)
	transact(kgo.TryAbort, 2, 4)
	produce(t, c, numbered(0, 4, 5)...)
	transact(kgo.TryAbort, 5, 7)
	for options, want := range map[string][]string{
		"": {"0", "1", "4"}, "isolation: read_uncommitted": {"0", "1", "2", "3", "4", "5", "6"},
	} {
		s := openSource(t, c, "topics: t, until: end, group: g"+fmt.Sprint(len(options))+", "+options)
		records, err := read(t, s, 10)
		if diff := cmp.Diff(want, values(records)); diff != "" || err != io.EOF {
			t.Errorf("%s: %v\n%s", options, err, diff)
		}
		commit(t, s, records)
		if got := s.(pipeline.Lagger).Lag(); len(got) != 1 || got[0].Records != 0 {
			t.Errorf("lag: %v", got)
		}
		closeSource(t, s)
	}
}

// An open transaction holds back what comes after it, and nothing fails.
func TestOpenTransaction(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, numbered(0, 0, 1)...)
	client := newClient(t, c, kgo.TransactionalID("x"), kgo.DefaultProduceTopic("t"))
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(t.Context(), numbered(0, 1, 2)...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	produce(t, c, numbered(0, 2, 3)...)
	s := openSource(t, c, "topics: t, until: end")
	defer closeSource(t, s)
	records, err := read(t, s, 10)
	if diff := cmp.Diff([]string{"0"}, values(records)); diff != "" || err != io.EOF {
		t.Errorf("%v\n%s", err, diff)
	}
	if err := client.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}

func TestCompressions(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	var want []string
	for i, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		client := newClient(t, c, kgo.ProducerBatchCompression(codec))
		value := fmt.Sprint(i, strings.Repeat("compressible", 100))
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		want = append(want, value)
	}
	s := openSource(t, c, "topics: t")
	defer closeSource(t, s)
	if diff := cmp.Diff(want, readValues(t, s, 5)); diff != "" {
		t.Error(diff)
	}
}

// The lag counts what is not done yet, and is there after the end too.
func TestLag(t *testing.T) {
	for _, group := range []string{"g", "none"} {
		c := newCluster(t, kfake.SeedTopics(2, "t"))
		produce(t, c, append(numbered(0, 0, 10), numbered(1, 0, 5)...)...)
		s := openSource(t, c, "topics: t, group: "+group)
		records, err := read(t, s, 15)
		if err != nil {
			t.Fatal(err)
		}
		var done []pipeline.Record
		for _, r := range records {
			if r.Origin.Partition == 0 && r.Origin.Offset < 7 {
				done = append(done, r)
			}
		}
		commit(t, s, done)
		want := []pipeline.Lag{{Source: "t", Records: 3}, {Source: "t", Partition: 1, Records: 5}}
		if group == "none" { // what is read counts
			want[0].Records, want[1].Records = 0, 0
		}
		closeSource(t, s)
		if diff := cmp.Diff(want, s.(pipeline.Lagger).Lag()); diff != "" {
			t.Errorf("%s: %s", group, diff)
		}
	}
}

// A member with a lasting name is back without a rebalance.
func TestInstance(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	for i := range 2 {
		produce(t, c, numbered(0, i, i+1)...)
		s := openSource(t, c, "topics: t, group: g, instance_id: one")
		records, err := read(t, s, 1)
		if err != nil || string(records[0].Raw) != fmt.Sprint(i) {
			t.Fatal(records, err)
		}
		commit(t, s, records)
		closeSource(t, s)
		if members := c.GroupInfo("g").Members; len(members) != 1 {
			t.Errorf("%d members are left", len(members))
		}
	}
}

// A group that another program uses with another protocol.
func TestGroupInUse(t *testing.T) {
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	other := newClient(t, c, kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"), kgo.Balancers(kgo.RangeBalancer()))
	if _, err := c.WaitGroupStable(t.Context(), "g", 1); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, c, "topics: t, group: g")
	defer closeSource(t, s)
	_, err := read(t, s, 1)
	const want = `can't read with group "g", which another program uses in another way: name another group: `
	if err == nil || !strings.HasPrefix(err.Error(), want) || !pipeline.IsPermanent(err) {
		t.Errorf("got  %v\nwant %s…", err, want)
	}
	other.Close()
}
