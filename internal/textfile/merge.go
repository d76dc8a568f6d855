package textfile

import (
	"context"
	"errors"
	"io"
	"math"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// merge joins files on one time line. Of the records that come next in each
// file, it gives the one that is due first; of equal ones, that of the file
// that comes first in the list. A record is due at its event time, or at the
// latest one before it in its file: so one that steps backwards, or has failed
// and has none, follows the one before it at once, and holds up no other file.
type merge struct {
	queues []*queue
	opened bool
	empty  []*queue // of which the next record is not known
	order  []due    // of the others: a heap
	trail  trail
}

// queue is a file, and the records that have been read of it.
type queue struct {
	reader
	index int
	due   int64 // when the next record is due
	batch *pipeline.Batch
	next  int // the next record in batch
}

// due says when the next record of a queue is due, in nanoseconds since 1970.
type due struct {
	at    int64
	queue int
}

func (d due) before(e due) bool { return d.at < e.at || d.at == e.at && d.queue < e.queue }

// What is read ahead of each file: few enough for a hundred files, enough for
// what happens once a queue is filled.
const (
	queueRecords = 64
	queueBytes   = 64 << 10
)

func newMerge(s *Source) *merge {
	m := &merge{}
	for i, f := range s.files {
		q := &queue{reader: reader{source: s, file: f}, index: i, due: math.MinInt64, batch: pipeline.NewBatch(queueRecords, queueBytes)}
		m.queues = append(m.queues, q)
	}
	m.trail.files = s.files
	return m
}

// open opens all files.
func (m *merge) open(ctx context.Context) error {
	for _, q := range m.queues[len(m.empty):] {
		if err := q.open(ctx); err != nil {
			return errors.Join(err, q.close())
		}
		m.empty = append(m.empty, q)
		m.trail.begin(q.index, q.text.Offset)
	}
	m.opened = true
	return nil
}

// read fills b with the records that are due next.
func (m *merge) read(ctx context.Context, b *pipeline.Batch) error {
	if !m.opened {
		if err := m.open(ctx); err != nil {
			return err
		}
	}
	defer m.trail.publish()
	for !b.Full() {
		if len(m.empty) > 0 {
			if err := m.refill(ctx, b); err != nil && len(b.Records) == 0 {
				return err
			} else if err != nil {
				return nil // the next read will meet the error again
			}
			continue
		}
		if len(m.order) == 0 {
			break
		}
		m.give(b)
	}
	if len(b.Records) == 0 {
		return io.EOF
	}
	return nil
}

var errWait = errors.New("more would have to be waited for")

// refill reads on in a file of which the next record is not known.
func (m *merge) refill(ctx context.Context, b *pipeline.Batch) error {
	q := m.empty[len(m.empty)-1]
	q.batch.Reset()
	q.next = 0
	if q.input != nil {
		if q.input.mayBlock && len(b.Records) > 0 {
			return errWait
		}
		if err := q.read(ctx, q.batch); err != nil {
			return err
		}
	}
	m.empty = m.empty[:len(m.empty)-1]
	if len(q.batch.Records) > 0 {
		m.order = append(m.order, q.advance())
		m.up(len(m.order) - 1)
	}
	return nil
}

// give moves the record that is due first to b.
func (m *merge) give(b *pipeline.Batch) {
	q := m.queues[m.order[0].queue]
	from := &q.batch.Records[q.next]
	to := b.Add(len(from.Raw))
	value, headers := to.Value, to.Headers
	*to = *from
	from.Value, from.Headers = value, headers // their memory is used again
	m.trail.add(q.index, to.Origin.Offset, int64(len(to.Raw)))
	if q.next++; q.next < len(q.batch.Records) {
		m.order[0] = q.advance()
	} else {
		last := len(m.order) - 1
		m.order[0] = m.order[last]
		m.order = m.order[:last]
		m.empty = append(m.empty, q)
	}
	m.down(0)
}

// advance says when the next record is due.
func (q *queue) advance() due {
	if r := &q.batch.Records[q.next]; r.Failure == nil && !r.Time.IsZero() {
		q.due = max(q.due, r.Time.UnixNano())
	}
	return due{q.due, q.index}
}

func (m *merge) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !m.order[i].before(m.order[parent]) {
			return
		}
		m.order[i], m.order[parent] = m.order[parent], m.order[i]
		i = parent
	}
}

func (m *merge) down(i int) {
	for {
		first := 2*i + 1
		if first >= len(m.order) {
			return
		}
		if second := first + 1; second < len(m.order) && m.order[second].before(m.order[first]) {
			first = second
		}
		if !m.order[first].before(m.order[i]) {
			return
		}
		m.order[i], m.order[first] = m.order[first], m.order[i]
		i = first
	}
}

func (m *merge) close() error {
	var errs []error
	for _, q := range m.queues {
		errs = append(errs, q.close())
	}
	return errors.Join(errs...)
}
