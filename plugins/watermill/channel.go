package watermill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
)

// A channel links the publishers and subscribers of one topic in one process.
// Every subscriber gets every message, in order, and may have many under way;
// a publish returns once all of them have acknowledged what was published.
//
// Pipelines join before they run, and leave when they have ended. So a publish
// waits for the readers that have still to subscribe, and a subscription ends
// once the last writer has left. A subscriber that nobody has joined for joins
// while it is open.
type channel struct {
	topic string
	users int // guarded by channels.mu

	mu               sync.Mutex
	changed          chan struct{} // closed, and made anew, when something below changes
	readers, writers members
	subscribed       int // how many subscriptions there have been
	closed           int // how many of those are closed
	failed           error
	open             []*subscription
}

// members count who takes part.
type members struct{ joined, left int }

func (m members) all(left int) bool { return m.joined > 0 && left >= m.joined }

// channels are the channels in use, by topic.
var channels = struct {
	mu sync.Mutex
	of map[string]*channel
}{of: map[string]*channel{}}

// use returns the channel of a topic, which is the same one until its last user
// has released it.
func use(topic string) *channel {
	channels.mu.Lock()
	defer channels.mu.Unlock()
	c := channels.of[topic]
	if c == nil {
		c = &channel{topic: topic, changed: make(chan struct{})}
		channels.of[topic] = c
	}
	c.users++
	return c
}

func (c *channel) release() {
	channels.mu.Lock()
	defer channels.mu.Unlock()
	if c.users--; c.users == 0 {
		delete(channels.of, c.topic)
	}
}

// change changes the channel and wakes who waits for that.
func (c *channel) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.changed)
	c.changed = make(chan struct{})
}

var errClosed = errors.New("the publisher is closed")

// await waits until ready, which is called with the lock held, returns true.
func (c *channel) await(ctx context.Context, closing <-chan struct{}, ready func() bool) error {
	for {
		c.mu.Lock()
		done, changed := ready(), c.changed
		c.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-closing:
			return errClosed
		}
	}
}

// join adds a reader or a writer of a topic, which leaves with the error with
// which its pipeline has ended.
func join(topic string, writes bool) (leave func(error)) {
	c := use(topic)
	side := &c.readers
	if writes {
		side = &c.writers
	}
	c.change(func() { side.joined++ })
	return func(err error) {
		c.change(func() {
			side.left++
			if err != nil && !writes {
				c.failed = err
			}
		})
		c.release()
	}
}

// publish sends messages to all readers and waits until they are done with
// them. The error wraps pipeline.ErrDone where they have ended and want no more.
func (c *channel) publish(ctx context.Context, closing <-chan struct{}, ms []*message.Message) error {
	var sent []*delivery
	err := c.await(ctx, closing, func() bool {
		if c.readers.joined == 0 || max(c.subscribed, c.readers.left) < c.readers.joined {
			return false // a reader has still to subscribe
		}
		for _, s := range c.open {
			sent = append(sent, s.add(ms)...)
		}
		return true
	})
	if err != nil {
		return err
	}
	if len(sent) > 0 {
		c.change(func() {})
	}
	gone := len(sent) == 0
	for _, d := range sent {
		acked, err := d.wait(ctx, closing)
		if err != nil {
			return err
		}
		gone = gone || !acked
	}
	if gone {
		return c.left(ctx, closing)
	}
	return nil
}

// left waits for the word of the readers that have closed their subscriptions.
func (c *channel) left(ctx context.Context, closing <-chan struct{}) (err error) {
	waitErr := c.await(ctx, closing, func() bool {
		if c.readers.left < c.closed {
			return false
		}
		switch {
		case c.failed != nil:
			err = pipeline.Permanent(fmt.Errorf("the pipeline that reads channel %s has failed", c.topic))
		case c.readers.all(c.readers.left):
			err = fmt.Errorf("nothing reads channel %s any more: %w", c.topic, pipeline.ErrDone)
		}
		return true
	})
	return errors.Join(waitErr, err)
}

// subscription is one reader's queue of messages.
type subscription struct {
	*channel
	ctx     context.Context // done when no more is wanted
	own     bool            // it has joined itself
	queue   []*delivery     // guarded by the channel's lock
	out     chan *message.Message
	stopped chan struct{} // closed when nothing more is delivered
}

// A few messages wait in the subscription's Go channel, so that handing them
// over isn't a switch between goroutines each.
const outputBuffer = 64

func subscribe(ctx context.Context, topic string) *subscription {
	c := use(topic)
	s := &subscription{channel: c, ctx: ctx, out: make(chan *message.Message, outputBuffer), stopped: make(chan struct{})}
	c.change(func() {
		if s.own = c.readers.joined <= max(c.subscribed, c.readers.left); s.own {
			c.readers.joined++
		}
		c.subscribed++
		c.open = append(c.open, s)
	})
	return s
}

// run delivers until the context is done, or there will be no more.
func (s *subscription) run() {
	defer s.release()
	defer close(s.out)
	defer close(s.stopped)
	defer s.change(func() {
		s.open = slices.DeleteFunc(s.open, func(o *subscription) bool { return o == s })
		if s.closed++; s.own {
			s.readers.left++
		}
	})
	for {
		var next []*delivery
		err := s.await(s.ctx, nil, func() bool {
			next, s.queue = s.queue, nil
			return len(next) > 0 || s.writers.all(s.writers.left)
		})
		if err != nil || len(next) == 0 {
			return
		}
		for _, d := range next {
			select {
			case s.out <- d.copy:
			case <-s.ctx.Done():
				return
			}
		}
	}
}

// add queues messages. The channel is locked.
func (s *subscription) add(ms []*message.Message) []*delivery {
	sent := make([]*delivery, len(ms))
	for i, m := range ms {
		sent[i] = &delivery{to: s, message: m}
		sent[i].renew()
	}
	s.queue = append(s.queue, sent...)
	return sent
}

// delivery is a message on its way to a subscriber, which gets a copy, and
// another one after a Nack.
type delivery struct {
	to            *subscription
	message, copy *message.Message
	cancel        context.CancelFunc
}

func (d *delivery) renew() {
	ctx, cancel := context.WithCancel(d.to.ctx)
	if known := recordOf(d.message); known != nil {
		ctx = known.on(ctx)
	}
	d.copy, d.cancel = d.message.Copy(), cancel
	d.copy.SetContext(ctx)
}

// wait waits until the subscriber has acknowledged the message, or is gone.
func (d *delivery) wait(ctx context.Context, closing <-chan struct{}) (acked bool, err error) {
	defer func() { d.cancel() }()
	for {
		select {
		case <-d.copy.Acked():
			return true, nil
		case <-d.copy.Nacked():
			d.cancel()
			d.to.change(func() {
				d.renew()
				d.to.queue = append(d.to.queue, d)
			})
		case <-d.to.stopped:
			select {
			case <-d.copy.Acked():
				return true, nil
			default:
				return false, nil
			}
		case <-ctx.Done():
			return false, ctx.Err()
		case <-closing:
			return false, errClosed
		}
	}
}
