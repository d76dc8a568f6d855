package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Client is a client that has been connected, and that can ask its brokers
// whether they are still there.
type Client struct {
	*kgo.Client
	watch *brokerWatch
}

// askTimeout is how long a broker that has nothing to do may take to answer.
const askTimeout = 1500 * time.Millisecond

// Ask asks every broker that there was a connection to for a sign of life, and
// tells the log of those that give none in a second and a half: a broker that
// is stuck takes connections and requests as one does that has nothing to say.
func (c *Client) Ask(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var asked sync.WaitGroup
	for id, addr := range c.watch.connected() {
		asked.Go(func() {
			_, err := c.Broker(int(id)).Request(asking, noTopics())
			if ctx.Err() == nil {
				c.watch.answer(addr, err)
			}
		})
	}
	asked.Wait()
}

// Troubled reports whether a broker is known not to answer. Ask finds out
// whether it does again.
func (c *Client) Troubled() bool { return c.watch.troubled() }
