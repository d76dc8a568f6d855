package kafka

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const soon = 10 * time.Second // on a machine that is busy; the aim is 5 s

// A broker that takes requests without a word is named, and so is its return.
func TestSilentBroker(t *testing.T) {
	t.Parallel() // it is given its time
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, numbered(0, 0, 1)...)
	log := kafkatest.NewLog(t)
	s := openLogged(t, c, log, "topics: t")
	defer closeSource(t, s)
	readValues(t, s, 1)
	_, end := kafkatest.Silence(c)
	log.Await(`msg="a Kafka broker doesn't answer; trying again until it does" broker=`+c.ListenAddrs()[0]+` reason="no answer"`, soon)
	end()
	log.Await(`msg="the Kafka broker answers again"`, 2*soon)
}

// A member that gets nothing is told why.
func TestMemberWithoutPartitions(t *testing.T) {
	t.Parallel()
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	first := openSource(t, c, "topics: t, group: g")
	defer closeSource(t, first)
	produce(t, c, numbered(0, 0, 1)...)
	readValues(t, first, 1)
	log := kafkatest.NewLog(t)
	second := openLogged(t, c, log, "topics: t, group: g")
	defer closeSource(t, second)
	ctx, cancel := context.WithCancel(t.Context())
	for _, s := range []pipeline.Source{first, second} {
		go func() { _ = s.Read(ctx, new(pipeline.Batch)) }()
	}
	defer cancel()
	log.Await(`msg="the other members of the group have all partitions; waiting for one of them to leave" group=g`, 2*soon)
}

// A topic that is deleted where a broker knows topics by their names only.
func TestTopicGone(t *testing.T) {
	t.Parallel()
	c := newCluster(t, kfake.SeedTopics(1, "t"))
	log := kafkatest.NewLog(t)
	s := openLogged(t, c, log, "topics: t")
	defer closeSource(t, s)
	if err := c.DeleteTopic("t"); err != nil {
		t.Fatal(err)
	}
	log.Await(`msg="a topic is not there any more; waiting for it" topic=t`, soon)
}

// Where the last offsets hold nothing to be read, as compaction may leave them,
// the end is reached all the same.
func TestUntilEndOfNothing(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"group: g", "group: none"} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, kfake.SeedTopics(1, "t"))
			produce(t, c, numbered(0, 0, 3)...)
			c.ControlKey(kmsg.Fetch.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				return emptyAnswer(req.(*kmsg.FetchRequest), 3), nil, true
			})
			s := openSource(t, c, "topics: t, until: end, "+options)
			defer closeSource(t, s)
			if records, err := read(t, s, 10); len(records) > 0 || err != io.EOF {
				t.Errorf("%d records, %v", len(records), err)
			}
		})
	}
}

// emptyAnswer says that the partitions, which end at an offset, have nothing
// from the offsets on that are asked for.
func emptyAnswer(req *kmsg.FetchRequest, end int64) *kmsg.FetchResponse {
	resp := req.ResponseKind().(*kmsg.FetchResponse)
	for _, asked := range req.Topics {
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic, topic.TopicID = asked.Topic, asked.TopicID
		for _, p := range asked.Partitions {
			partition := kmsg.NewFetchResponseTopicPartition()
			partition.Partition, partition.HighWatermark, partition.LastStableOffset = p.Partition, end, end
			topic.Partitions = append(topic.Partitions, partition)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}
