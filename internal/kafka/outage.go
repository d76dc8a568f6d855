package kafka

import (
	"log/slog"
	"maps"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// outage is a time without an answer, of which the user is told once it has
// lasted a second, and then at growing intervals.
type outage struct {
	since time.Time
	told  time.Time // zero: not yet
	pause time.Duration

	silent bool // it takes connections, and says nothing
}

const (
	firstWarning   = time.Second
	firstInterval  = 10 * time.Second
	longestSilence = 5 * time.Minute
)

// due reports whether to tell of the outage now.
func (o *outage) due(now time.Time) bool {
	switch {
	case now.Sub(o.since) < firstWarning:
		return false
	case o.told.IsZero():
		o.pause = firstInterval
	case now.Sub(o.told) < o.pause:
		return false
	default:
		o.pause = min(2*o.pause, longestSilence)
	}
	o.told = now
	return true
}

// brokerWatch tells of brokers that a connected client can't reach, among them
// those whose addresses the client has from the cluster, and of their return.
type brokerWatch struct {
	options *Options
	log     *slog.Logger

	mu      sync.Mutex
	on      bool
	addrs   map[int32]string   // of the brokers that there was a connection to
	outages map[string]*outage // by address
}

var _ kgo.HookBrokerConnect = (*brokerWatch)(nil)

func newBrokerWatch(o *Options, log *slog.Logger) *brokerWatch {
	return &brokerWatch{options: o, log: log, addrs: map[int32]string{}, outages: map[string]*outage{}}
}

func (w *brokerWatch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = true
}

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (w *brokerWatch) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	addr := net.JoinHostPort(meta.Host, strconv.Itoa(int(meta.Port)))
	w.mu.Lock()
	defer w.mu.Unlock()
	if meta.NodeID >= 0 { // not one of the user's addresses
		w.addrs[meta.NodeID] = addr
	}
	o := w.outages[addr]
	switch {
	case !w.on:
	case err != nil && o == nil:
		w.outages[addr] = &outage{since: time.Now()}
	case err != nil:
		w.tell(addr, o, err)
	case o != nil && !o.silent: // one that is silent takes connections too
		w.back(addr)
	}
}

// answer notes what a connected broker has answered to a question.
func (w *brokerWatch) answer(addr string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.back(addr)
		return
	}
	o := w.outages[addr]
	if o == nil {
		o = &outage{since: time.Now().Add(-askTimeout)}
		w.outages[addr] = o
	}
	o.silent = true
	w.tell(addr, o, err)
}

func (w *brokerWatch) tell(addr string, o *outage, err error) {
	if o.due(time.Now()) {
		w.log.Warn("a Kafka broker doesn't answer; trying again until it does", "broker", addr, "reason", w.options.reason(err))
	}
}

func (w *brokerWatch) back(addr string) {
	o := w.outages[addr]
	delete(w.outages, addr)
	if o != nil && !o.told.IsZero() {
		w.log.Info("the Kafka broker answers again", "broker", addr, "after", time.Since(o.since).Round(time.Second))
	}
}

// connected returns the addresses of the brokers that there was a connection to.
func (w *brokerWatch) connected() map[int32]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.addrs)
}

// troubled reports whether a broker is known not to answer.
func (w *brokerWatch) troubled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.outages) > 0
}
