//go:build integration

package watermill

import (
	"errors"
	"io"
	"log"
	"os"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"

	"github.com/pipeline-daemon/pipeline"
	ownkafka "github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// subscriberOnly hides SubscribeInitialize, since brokers create the topics.
type subscriberOnly struct{ message.Subscriber }

// Watermill's own suite on the Pub/Sub kafka, as the source and the sink open
// it. It passes over what is not promised: a later subscriber of a group gets
// what was sent before it; and a broker that comes back, for which a pipeline
// has a test of its own.
func TestIntegrationWatermillSuite(t *testing.T) {
	log.SetOutput(io.Discard) // it tells of every message
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	cluster := kafkatest.Start(t)
	inGroup := func(t *testing.T, group string) (message.Publisher, message.Subscriber) {
		o := kafkaOptions{Options: ownkafka.DefaultOptions(), From: fromBeginning, Group: group}
		o.Brokers = []string{cluster.Addr()}
		env := pipeline.Env{Log: discard}
		publisher, err := openKafkaPublisher(t.Context(), env, o)
		if err != nil {
			t.Fatal(err)
		}
		subscriber, err := openKafkaSubscriber(t.Context(), env, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(publisher.Close(), subscriber.Close()); err != nil {
				t.Error(err)
			}
		})
		return publisher, subscriberOnly{subscriber}
	}
	tests.TestPubSub(t, tests.Features{ConsumerGroups: true, GuaranteedOrder: true, Persistent: true, ForceShort: true},
		func(t *testing.T) (message.Publisher, message.Subscriber) { return inGroup(t, "suite") }, inGroup)
}
