package kafka

import (
	"log/slog"
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
	outages map[string]*outage
}

var _ kgo.HookBrokerConnect = (*brokerWatch)(nil)

func newBrokerWatch(o *Options, log *slog.Logger) *brokerWatch {
	return &brokerWatch{options: o, log: log, outages: map[string]*outage{}}
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
	if !w.on {
		return
	}
	o := w.outages[addr]
	switch {
	case err == nil && o != nil:
		delete(w.outages, addr)
		if !o.told.IsZero() {
			w.log.Info("the Kafka broker answers again", "broker", addr, "after", time.Since(o.since).Round(time.Second))
		}
	case err != nil && o == nil:
		w.outages[addr] = &outage{since: time.Now()}
	case err != nil && o.due(time.Now()):
		w.log.Warn("a Kafka broker doesn't answer; trying again until it does", "broker", addr, "reason", w.options.reason(err))
	}
}
