package watermill

import (
	"context"
	"io"
	"log"
	"os"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
)

// laterPublisher is a channelPublisher whose Publish doesn't wait for the
// readers, as Watermill's suite publishes before it subscribes.
type laterPublisher struct {
	*channelPublisher
}

func newLaterPublisher() laterPublisher { return laterPublisher{newChannelPublisher()} }

func (p laterPublisher) Publish(topic string, ms ...*message.Message) error {
	copies := make([]*message.Message, len(ms))
	for i, m := range ms {
		copies[i] = m.Copy()
		copies[i].SetContext(context.WithoutCancel(m.Context()))
	}
	select {
	case <-p.closing:
		return errClosed
	default:
	}
	go func() { _ = p.channelPublisher.Publish(topic, copies...) }()
	return nil
}

// Watermill's own suite, where it applies. Left out are the tests of what is
// not promised: a later subscriber gets what was sent before it, as the one of
// Subscribe's context wants, too; nothing is
// delivered before the message before it is acknowledged; and those of
// persistence, reconnecting and consumer groups.
func TestWatermillSuite(t *testing.T) {
	log.SetOutput(io.Discard) // it tells of every message
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	for name, test := range map[string]func(*testing.T, tests.TestContext, tests.PubSubConstructor){
		"publish and subscribe":                tests.TestPublishSubscribe,
		"concurrent subscribe":                 tests.TestConcurrentSubscribe,
		"concurrent subscribe, several topics": tests.TestConcurrentSubscribeMultipleTopics,
		"in order":                             tests.TestPublishSubscribeInOrder,
		"resend on error":                      tests.TestResendOnError,
		"publisher's close":                    tests.TestPublisherClose,
		"topic":                                tests.TestTopic,
		"message's context":                    tests.TestMessageCtx,
	} {
		t.Run(name, func(t *testing.T) {
			c := tests.TestContext{TestID: tests.NewTestID(), Features: tests.Features{
				ExactlyOnceDelivery: true, GuaranteedOrder: true, RequireSingleInstance: true, ForceShort: true}}
			test(t, c, func(*testing.T) (message.Publisher, message.Subscriber) {
				return newLaterPublisher(), newChannelSubscriber()
			})
		})
	}
}
