package kafka

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const soon = 10 * time.Second // on a machine that is busy; the aim is 5 s

func openLogged(t *testing.T, c *kfake.Cluster, log *kafkatest.Log, options string) pipeline.Sink {
	t.Helper()
	s, err := bind(t, c.ListenAddrs(), options).Open(t.Context(), log.Env())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// A broker that takes messages without a word is named.
func TestSilentBroker(t *testing.T) {
	t.Parallel() // it is given its time
	c := newCluster(t)
	log := kafkatest.NewLog(t)
	s := openLogged(t, c, log, "topic: t, linger: 0s")
	if err := write(t, s, batchOf(record{value: []byte("a")})); err != nil {
		t.Fatal(err)
	}
	_, end := kafkatest.Silence(c)
	done := make(chan error, 1)
	s.Write(t.Context(), batchOf(record{value: []byte("b")}), func(err error) { done <- err })
	log.Await(`msg="a Kafka broker doesn't answer; trying again until it does" broker=`+c.ListenAddrs()[0]+` reason="no answer"`, soon)
	end()
	log.Await(`msg="the Kafka broker answers again"`, 2*soon)
	_ = s.Close() // the broker was given the message on a connection that has stopped
	<-done
}

// While a topic is waited for that was deleted, it is said; so is its return.
func TestTopicDeleted(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	log := kafkatest.NewLog(t)
	s := openLogged(t, c, log, "topic: t, linger: 0s")
	if err := write(t, s, batchOf(record{value: []byte("a")})); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteTopic("t"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	s.Write(ctx, batchOf(record{value: []byte("b")}), func(err error) { done <- err })
	log.Await(`level=WARN msg="the topic is not there any more; waiting half a minute for it" topic=t`, soon)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "deleted") {
		t.Error(err)
	}
}

// A message of which nobody knows whether a broker has it does not wait for a
// deleted topic for ever.
func TestTopicDeletedWithMessageUnderWay(t *testing.T) {
	c := newCluster(t)
	log := kafkatest.NewLog(t)
	s := openLogged(t, c, log, "topic: t, linger: 0s").(*sink)
	s.unwatch() // the test looks itself
	received, _ := kafkatest.Silence(c, kmsg.Produce)
	done := make(chan error, 1)
	s.Write(t.Context(), batchOf(record{value: []byte("b")}), func(err error) { done <- err })
	<-received
	if err := c.DeleteTopic("t"); err != nil {
		t.Fatal(err)
	}
	w := watch{sink: s}
	w.look(t.Context())
	if w.gone != 1 {
		t.Fatal("the topic was not missed")
	}
	w.topics["t"].gone = w.topics["t"].gone.Add(-goneTimeout)
	w.look(t.Context())
	if err := <-done; err == nil || err.Error() != `topic "t" has been deleted while it was written to` || !pipeline.IsPermanent(err) {
		t.Error(err)
	}
}
