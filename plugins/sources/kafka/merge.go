package kafka

import (
	"math"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kgo"
)

// merge puts the messages of all partitions into the order of their times, for
// a pipeline with a pace. Within a partition the order stays: a message that
// steps backwards in time comes at once.
//
// Which message is next is known once every partition has one, but for those
// that are read to their ends. So a partition whose messages are long in coming
// is waited for, while no more than their share of lookahead is fetched of the
// others.
type merge struct {
	queues []*queue
	since  time.Time          // since when a partition is waited for; zero: none is
	gaveUp map[partition]bool // waiting for them

	lookahead int
	patience  time.Duration
}

// queue is what is fetched of a partition and not yet read.
type queue struct {
	partition
	runs   []run
	size   int
	paused bool
}

const (
	// How much is held of all partitions, and at least of one.
	lookahead    = 64 << 20
	lookaheadMin = 64 << 10

	// How long a partition is waited for that should have more, but has no
	// end: what is missing may be compacted, or its broker be down.
	mergePatience = 3 * time.Second

	// How often it is looked whether the waiting has an end.
	mergePause = 100 * time.Millisecond
)

func newMerge() *merge {
	return &merge{gaveUp: map[partition]bool{}, lookahead: lookahead, patience: mergePatience}
}

// add adds what was fetched of a partition.
func (m *merge) add(r run) {
	delete(m.gaveUp, r.partition)
	i := slices.IndexFunc(m.queues, func(q *queue) bool { return q.partition == r.partition })
	if i < 0 {
		i = len(m.queues)
		m.queues = append(m.queues, &queue{partition: r.partition})
	}
	q := m.queues[i]
	for _, message := range r.messages {
		r.size += held(message)
	}
	q.runs, q.size = append(q.runs, r), q.size+r.size
}

// held is about how much memory a message takes.
func held(m *kgo.Record) int {
	const message, header = 200, 50
	n := message + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += header + len(h.Key) + len(h.Value)
	}
	return n
}

func (q *queue) head() int64 { return q.runs[0].time(0).UnixNano() }

// holds reports whether there are messages: they wait for another partition.
func (m *merge) holds() bool {
	return slices.ContainsFunc(m.queues, func(q *queue) bool { return len(q.runs) > 0 })
}

// first returns the queue with the earliest message, nil if all are empty, and
// up to which time its messages come before those of the others.
func (m *merge) first() (first *queue, upTo int64) {
	upTo = math.MaxInt64
	for _, q := range m.queues {
		switch {
		case len(q.runs) == 0:
		case first == nil:
			first = q
		case q.head() < first.head():
			first, upTo = q, first.head()
		default:
			upTo = min(upTo, q.head())
		}
	}
	return first, upTo
}

// fillInOrder adds messages to b in the order of their times.
func (s *source) fillInOrder(b *pipeline.Batch) {
	for emptied := true; !b.Full() && s.left != 0; {
		if emptied && s.awaits() {
			break
		}
		q, upTo := s.merge.first()
		if q == nil {
			break
		}
		r := &q.runs[0]
		s.fillOf(b, r, upTo)
		if len(r.messages) == 0 {
			q.size -= r.size
			q.runs[0] = run{}
			q.runs = q.runs[1:]
		}
		emptied = len(q.runs) == 0
	}
	s.throttle()
}

// awaits reports whether a partition is to be waited for before any message.
func (s *source) awaits() bool {
	m := s.merge
	missing := s.missing()
	switch {
	case len(missing) == 0:
		m.since = time.Time{}
		return false
	case m.since.IsZero():
		m.since = time.Now()
	case time.Since(m.since) > m.patience:
		m.since = time.Time{}
		return !s.giveUp(missing)
	}
	return true
}

// giveUp stops waiting for partitions that have no end, and reports whether
// these are all. Of the others it is known some time what they still hold.
func (s *source) giveUp(missing []partition) bool {
	all := true
	for _, p := range missing {
		if s.finish != nil && s.finish.end(p) < never {
			all = false
			continue
		}
		s.log.Debug("going on without a partition that should have more messages", "topic", p.topic, "partition", p.number)
		s.merge.gaveUp[p] = true
	}
	return all
}

// missing returns the partitions that have more to be read, of which nothing is
// here.
func (s *source) missing() (ps []partition) {
	behind := s.table.behind()
	if s.finish != nil {
		behind = slices.DeleteFunc(behind, func(p partition) bool { return !s.finish.isOpen(p) })
	}
	return slices.DeleteFunc(behind, func(p partition) bool {
		return s.merge.gaveUp[p] || slices.ContainsFunc(s.merge.queues, func(q *queue) bool { return q.partition == p && len(q.runs) > 0 })
	})
}

// throttle fetches no more of partitions of which enough is here, or all.
func (s *source) throttle() {
	most := max(s.merge.lookahead/max(len(s.merge.queues), 1), lookaheadMin)
	for _, q := range s.merge.queues {
		at := map[string][]int32{q.topic: {q.number}}
		ended := s.finish != nil && !s.finish.isOpen(q.partition)
		switch {
		case !q.paused && (q.size > most || ended):
			s.client.PauseFetchPartitions(at)
			q.paused = true
		case q.paused && q.size < most/2 && !ended:
			s.client.ResumeFetchPartitions(at)
			q.paused = false
		}
	}
}
