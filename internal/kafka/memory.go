package kafka

import (
	"context"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/dustin/go-humanize"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// memoryLimit drops the oldest records of a broker in memory when its topics
// hold too much. It looks at their sizes each time that the broker has
// received a step more, so that it costs nothing while nothing arrives.
type memoryLimit struct {
	cluster *kfake.Cluster
	l       *listener
	limit   int64
	step    int64
	log     *slog.Logger
	warned  bool
	gc      int // the process's GOGC before tightenGC; 0: not called

	cancel  context.CancelFunc
	stopped sync.WaitGroup
}

// segmentBytes is the size of the broker's segments. Memory comes free by
// whole segments, so they have to be small against the limit.
func segmentBytes(limit int64) int64 { return min(max(limit/128, 64<<10), 4<<20) }

func startMemoryLimit(c BrokerConfig, b *Broker) *memoryLimit {
	m := &memoryLimit{cluster: b.cluster, l: b.l, limit: c.MemoryLimit, step: max(c.MemoryLimit/32, 1), log: c.Log}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	m.l.wakeAt.Store(m.step)
	m.stopped.Go(func() { m.run(ctx) })
	return m
}

func (m *memoryLimit) stop() {
	m.cancel()
	m.stopped.Wait()
	if m.gc != 0 {
		debug.SetGCPercent(m.gc)
		m.gc = 0
	}
}

// tightenGC has the garbage collector run more often. Record bytes hold no
// pointers, so that a run is cheap however many they are, while garbage in
// proportion to them is not: at the limit the process then takes about twice
// the limit rather than three times.
func (m *memoryLimit) tightenGC() {
	const percent = 25
	if m.gc != 0 {
		return
	}
	m.gc = debug.SetGCPercent(percent)
	if m.gc < percent { // or off
		debug.SetGCPercent(m.gc)
	}
}

func (m *memoryLimit) run(ctx context.Context) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(m.l.advertised),
		kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return DialContext(ctx, network, m.l.sockets[0].Addr().String())
		}),
	)
	if err != nil {
		m.log.Error("the broker's memory is not bounded", "error", err)
		return
	}
	defer client.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.l.wake:
			m.l.wakeAt.Store(m.l.received.Load() + m.step)
			m.trim(ctx, kadm.NewClient(client))
		}
	}
}

// trim makes room for four steps when there is none for two.
func (m *memoryLimit) trim(ctx context.Context, client *kadm.Client) {
	dirs, err := client.DescribeAllLogDirs(ctx, nil)
	if err != nil {
		m.log.Debug("can't read the sizes of the broker's topics", "error", err)
		return
	}
	var partitions []kadm.DescribedLogDirPartition
	var sizes []int64
	var total int64
	for _, dir := range dirs {
		for _, p := range dir.SortedPartitionsBySize() {
			partitions = append(partitions, p)
			sizes = append(sizes, p.Size)
			total += p.Size
		}
	}
	if total > m.limit/4 {
		m.tightenGC()
	}
	if total <= m.limit-2*m.step {
		return
	}
	if !m.warned {
		m.warned = true
		m.log.Warn("the broker's memory is full: from now on it drops the oldest records", "limit", humanize.IBytes(uint64(m.limit)))
	}
	most := ceiling(sizes, m.limit-4*m.step)
	for _, p := range partitions {
		if p.Size > most {
			m.drop(p, p.Size-most)
		}
	}
}

// ceiling returns the largest size to which partitions may be cut so that they
// hold no more than total together. Small ones thus stay whole.
func ceiling(sizes []int64, total int64) int64 {
	slices.Sort(sizes)
	for i, size := range sizes {
		share := total / int64(len(sizes)-i)
		if size > share {
			return share
		}
		total -= size
	}
	return 0
}

// drop deletes the oldest records of p, excess bytes of them if all are about
// as large. What it misses is left to the next trim.
func (m *memoryLimit) drop(p kadm.DescribedLogDirPartition, excess int64) {
	info := m.cluster.PartitionInfo(p.Topic, p.Partition)
	if info == nil || info.NumBytes == 0 {
		return // deleted since
	}
	records := float64(info.HighWatermark - info.LogStartOffset)
	first := info.LogStartOffset + int64(records*float64(excess)/float64(info.NumBytes))
	if err := m.cluster.DeleteRecords(p.Topic, p.Partition, min(first, info.HighWatermark)); err != nil {
		m.log.Debug("can't drop a partition's oldest records", "topic", p.Topic, "partition", p.Partition, "error", err)
	}
}
