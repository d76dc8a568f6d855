package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/twmb/franz-go/pkg/kfake"
)

// DefaultMemoryLimit is what the topics of a broker in memory keep in all.
const DefaultMemoryLimit = 512 << 20

// BrokerConfig says where and how an embedded broker runs.
type BrokerConfig struct {
	// Listen is the HOST:PORT to listen on; port 0 is any free one. An empty
	// host is every interface, localhost is 127.0.0.1 and ::1.
	Listen string
	// DataDir keeps topics and groups from one run to the next. Empty: in
	// memory.
	DataDir string
	// MemoryLimit is how many bytes of records, as they were sent, all topics
	// in memory may hold; the oldest of the largest partitions go first. The
	// process takes about twice that. 0: DefaultMemoryLimit.
	MemoryLimit int64
	Log         *slog.Logger // nil: none
}

// Broker is an embedded broker: one node that any Kafka client can connect to,
// without TLS or SASL. Topics are created when first named, with one
// partition.
type Broker struct {
	cluster *kfake.Cluster
	l       *listener
	limit   *memoryLimit // nil on disk
	lock    *flock.Flock // nil in memory
}

// StartBroker starts an embedded broker. It is ready when StartBroker returns.
func StartBroker(c BrokerConfig) (*Broker, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MemoryLimit == 0 {
		c.MemoryLimit = DefaultMemoryLimit
	}
	lock, err := lockDir(c.DataDir)
	if err != nil {
		return nil, err
	}
	b := &Broker{lock: lock}
	if b.l, err = listen(c.Listen); err != nil {
		b.unlock()
		return nil, err
	}
	if b.cluster, err = kfake.NewCluster(clusterOpts(c, b.l)...); err != nil {
		_ = b.l.Close()
		b.unlock()
		return nil, fmt.Errorf("can't start a broker with the data of %s: %w", c.DataDir, err)
	}
	if c.DataDir == "" {
		b.limit = startMemoryLimit(c, b)
	}
	return b, nil
}

func clusterOpts(c BrokerConfig, l *listener) []kfake.Opt {
	configs := map[string]string{
		// A replay may give records the times of long ago.
		"log.retention.ms": "-1",
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return l, nil }),
		kfake.ClusterID("pipeline"),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(1),
		kfake.WithLogger(brokerLog{c.Log, new(atomic.Int64)}),
	}
	if c.DataDir != "" {
		opts = append(opts, kfake.DataDir(c.DataDir))
	} else {
		configs["log.segment.bytes"] = strconv.FormatInt(segmentBytes(c.MemoryLimit), 10)
	}
	return append(opts, kfake.BrokerConfigs(configs))
}

// lockDir keeps a second broker away from dir.
func lockDir(dir string) (*flock.Flock, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("can't keep the broker's data in %s: %w", dir, err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("can't keep the broker's data in %s: %w", dir, err)
	case !locked:
		return nil, fmt.Errorf("another broker uses %s: stop it, or choose another folder", dir)
	}
	return lock, nil
}

func (b *Broker) unlock() {
	if b.lock != nil {
		_ = b.lock.Unlock()
	}
}

// Addr is the HOST:PORT by which clients reach the broker.
func (b *Broker) Addr() string { return b.l.advertised }

// Clients counts the open connections of other processes.
func (b *Broker) Clients() int {
	n, _ := b.l.foreign()
	return n
}

// settle is how long no client must have been connected for Wait to take the
// last one as gone: clients may close one connection before they open another.
const settle = 300 * time.Millisecond

// Wait returns nil when the last client of another process has left, at once
// if there is none, or ctx's error.
func (b *Broker) Wait(ctx context.Context) error {
	if b.Clients() == 0 {
		return nil
	}
	for {
		n, changed := b.l.foreign()
		var quiet <-chan time.Time
		if n == 0 {
			changed, quiet = nil, time.After(settle)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-quiet:
			if b.Clients() == 0 {
				return nil
			}
		}
	}
}

// Close ends all connections and stops the broker. On disk, everything is
// synced.
func (b *Broker) Close() error {
	if b.limit != nil {
		b.limit.stop()
	}
	b.cluster.Close()
	b.l.closeConns()
	b.unlock()
	return nil
}
