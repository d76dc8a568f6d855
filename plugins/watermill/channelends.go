package watermill

import (
	"context"
	"errors"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
)

// channelOptions are the options of the Pub/Sub channel: none.
type channelOptions struct {
	_ struct{} `doc:"links pipelines of one process"`
}

func init() {
	Register("channel", channelOptions{}, PubSub[channelOptions]{
		Publisher: func(context.Context, pipeline.Env, channelOptions) (message.Publisher, error) {
			return newChannelPublisher(), nil
		},
		Subscriber: func(context.Context, pipeline.Env, channelOptions) (message.Subscriber, error) {
			return newChannelSubscriber(), nil
		},
	})
}

// Link is what pipeline.Linked asks for.
func (c *Choice) Link(topic string) string {
	if _, links := c.Options.(*channelOptions); links {
		return "channel " + topic
	}
	return ""
}

// Join is what pipeline.Linked asks for.
func (c *Choice) Join(topic string, writes bool) (leave func(error)) { return join(topic, writes) }

// channelPublisher publishes to channels.
type channelPublisher struct {
	closing chan struct{}
	once    sync.Once
}

var _ message.Publisher = (*channelPublisher)(nil)

func newChannelPublisher() *channelPublisher { return &channelPublisher{closing: make(chan struct{})} }

// Publish implements message.Publisher. It ends early with the context of the
// first message.
func (p *channelPublisher) Publish(topic string, ms ...*message.Message) error {
	if len(ms) == 0 {
		return nil
	}
	c := use(topic)
	defer c.release()
	return c.publish(ms[0].Context(), p.closing, ms)
}

// Close implements message.Publisher.
func (p *channelPublisher) Close() error {
	p.once.Do(func() { close(p.closing) })
	return nil
}

// channelSubscriber subscribes to channels.
type channelSubscriber struct {
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	running sync.WaitGroup
}

var _ message.Subscriber = (*channelSubscriber)(nil)

func newChannelSubscriber() *channelSubscriber {
	s := &channelSubscriber{}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Subscribe implements message.Subscriber. The Go channel is closed, too, when
// the last pipeline that writes to the topic has ended.
func (s *channelSubscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, errors.New("the subscriber is closed")
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	subscribed := subscribe(ctx, topic)
	s.running.Go(func() {
		subscribed.run()
		stop()
		cancel()
	})
	return subscribed.out, nil
}

// Close implements message.Subscriber.
func (s *channelSubscriber) Close() error {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.running.Wait()
	return nil
}
