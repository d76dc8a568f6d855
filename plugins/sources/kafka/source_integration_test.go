//go:build integration

package kafka

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func realClient(t *testing.T, c *kafkatest.Cluster) *kgo.Client {
	t.Helper()
	return kafkatest.Client(t, []string{c.Addr()}, kgo.DefaultProduceTopic("t"), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
}

func createTopic(t *testing.T, client *kgo.Client, topic string, partitions int32) {
	t.Helper()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), partitions, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
}

func openReal(t *testing.T, c *kafkatest.Cluster, options string) pipeline.Source {
	t.Helper()
	return openRealLogged(t, c, kafkatest.NewLog(t), options)
}

func openRealLogged(t *testing.T, c *kafkatest.Cluster, log *kafkatest.Log, options string) pipeline.Source {
	t.Helper()
	s, err := bind(t, []string{c.Addr()}, options).Open(t.Context(), log.Env())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readInOrder reads n records, whose values have to count up from the first,
// and commits each batch.
func readInOrder(t *testing.T, s pipeline.Source, first, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var done pipeline.Position
	for next := first; next < first+n; {
		b := pipeline.NewBatch(100, 0)
		if err := s.Read(ctx, b); err != nil {
			t.Fatalf("%d of %d records: %v", next-first, n, err)
		}
		for _, r := range b.Records {
			if string(r.Raw) != fmt.Sprint(next) {
				t.Fatalf("record %d is %s", next, r.Raw)
			}
			next++
		}
		done = done.Advance(b.Records[len(b.Records)-1].Origin)
		if err := s.(pipeline.Committer).Commit(ctx, done); err != nil {
			t.Fatal(err)
		}
	}
}

// A broker that goes away and comes back loses and doubles nothing, and the
// group goes on where it was.
func TestIntegrationOutage(t *testing.T) {
	c := kafkatest.Start(t)
	client := realClient(t, c)
	createTopic(t, client, "t", 1)
	send := func(from, to int) {
		for i := from; i < to; i++ {
			client.Produce(t.Context(), &kgo.Record{Value: fmt.Append(nil, i)}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	log := kafkatest.NewLog(t)
	s := openRealLogged(t, c, log, "topics: t")
	send(0, 1000)
	readInOrder(t, s, 0, 1000)
	for i, away := range []func(){c.Stop, c.Kill} {
		at := 1000 * (i + 1)
		away()
		send(at, at+1000)
		log.AwaitTimes("a Kafka broker doesn't answer", i+1, 20*time.Second)
		c.Restart()
		readInOrder(t, s, at, 1000)
	}
	closeSource(t, s)

	s = openReal(t, c, "topics: t")
	defer closeSource(t, s)
	send(3000, 3100)
	readInOrder(t, s, 3000, 100)
}

func TestIntegrationTopicComesLater(t *testing.T) {
	c := kafkatest.Start(t)
	client := realClient(t, c)
	log := kafkatest.NewLog(t)
	s := openRealLogged(t, c, log, "topics: t")
	defer closeSource(t, s)
	log.Await("waiting for topics that don't exist yet", time.Second)
	created := make(chan time.Time, 1)
	go func() {
		if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, "t"); err != nil {
			t.Error(err)
		}
		created <- time.Now()
		client.Produce(t.Context(), &kgo.Record{Value: []byte("0")}, nil)
	}()
	readInOrder(t, s, 0, 1)
	took := time.Since(<-created)
	t.Log("after", took)
	if took > 3*time.Second {
		t.Errorf("the topic was seen after %v", took)
	}
}

func TestIntegrationUntilEnd(t *testing.T) {
	c := kafkatest.Start(t)
	client := realClient(t, c)
	createTopic(t, client, "t", 3)
	for i := range 1000 {
		if client.Produce(t.Context(), &kgo.Record{Key: fmt.Append(nil, i), Value: fmt.Append(nil, i)}, nil); i%100 == 0 {
			if err := client.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, options := range []string{"group: none", "group: g", "group: g, from: beginning"} {
		s := openReal(t, c, "topics: t, until: end, "+options)
		records, err := read(t, s, 2000)
		if diff := cmp.Diff(1000, len(records)); diff != "" || err != io.EOF {
			t.Errorf("%s: %v\n%s", options, err, diff)
		}
		if committer, ok := s.(pipeline.Committer); ok {
			if err := committer.Commit(t.Context(), position(records)); err != nil {
				t.Error(err)
			}
		}
		closeSource(t, s)
	}
	s := openReal(t, c, "topics: t, until: end, group: g")
	defer closeSource(t, s)
	if records, err := read(t, s, 1); len(records) > 0 || err != io.EOF {
		t.Errorf("%d records are left: %v", len(records), err)
	}
}
