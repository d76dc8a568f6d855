package kafka

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/twmb/franz-go/pkg/kgo"
)

// writer makes messages of the records of one batch.
type writer struct {
	sink *sink
	slab *slab
	now  time.Time
}

func (w *writer) write(m *kgo.Record, r *pipeline.Record) error {
	o := w.sink.options
	m.Value = r.Encoded
	if err := w.key(m, r); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if err := w.headers(m, r); err != nil {
		return err
	}
	if o.Partition != "" {
		if err := w.partition(m, r); err != nil {
			return fmt.Errorf("partition: %w", err)
		}
	}
	m.Timestamp = w.now
	if o.Timestamp == event {
		return w.eventTime(m, r)
	}
	return nil
}

func (w *writer) key(m *kgo.Record, r *pipeline.Record) (err error) {
	m.Key = r.Key
	if key := w.sink.options.Key; key.Given() {
		w.slab.texts, m.Key, err = key.Append(w.slab.texts, r)
	}
	if err == nil && m.Key == nil && w.sink.limits.keyed {
		err = fmt.Errorf("the record has none, and topic %q, which is compacted, takes only records with a key", w.sink.options.Topic)
	}
	return err
}

func (w *writer) headers(m *kgo.Record, r *pipeline.Record) (err error) {
	m.Headers = m.Headers[:0]
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, kgo.RecordHeader(h))
	}
	for i := range w.sink.options.Headers {
		h := &w.sink.options.Headers[i]
		var value []byte
		if w.slab.texts, value, err = h.Value.Append(w.slab.texts, r); err != nil {
			return fmt.Errorf("header %q: %w", h.Name, err)
		}
		m.Headers = append(m.Headers, kgo.RecordHeader{Key: h.Name, Value: value})
	}
	return nil
}

func (w *writer) partition(m *kgo.Record, r *pipeline.Record) error {
	column := w.sink.options.Partition
	if column == original {
		if m.Partition = r.Origin.Partition; m.Partition < 0 {
			return fmt.Errorf("%v comes from no partition of a topic", r.Origin)
		}
		return nil
	}
	v, ok := r.Lookup(column)
	if !ok {
		return fields.MissingColumn(column, r)
	}
	if v.Kind() != pipeline.KindInt || v.Int() < 0 || v.Int() > math.MaxInt32 {
		return fmt.Errorf("column %q is %v, not a partition's number", column, v)
	}
	m.Partition = int32(v.Int())
	return nil
}

func (w *writer) eventTime(m *kgo.Record, r *pipeline.Record) error {
	const said = "timestamp: the record's time, %s, is %v %s the broker's, which is more than topic %q takes (%s)"
	l, name := &w.sink.limits, w.sink.options.Topic
	if r.Time.IsZero() {
		return errors.New("timestamp: the record has no event time: name the column that holds it at the source, or use timestamp: now here")
	}
	at := func() string { return r.Time.UTC().Format(time.RFC3339) }
	switch ahead := r.Time.Sub(w.now); {
	case r.Time.Unix() < 0:
		return fmt.Errorf("timestamp: the record's time, %s, is before 1970, from which Kafka counts", at())
	case ahead > l.after:
		return fmt.Errorf(said, at(), ahead.Round(time.Second), "ahead of", name, "message.timestamp.after.max.ms")
	case -ahead > l.before:
		return fmt.Errorf(said, at(), -ahead.Round(time.Second), "behind", name, "message.timestamp.before.max.ms")
	}
	m.Timestamp = r.Time
	return nil
}

// messageSize is at most what a batch with this message alone takes.
func messageSize(m *kgo.Record) int {
	const (
		batchHeader   = 61 + 4 // and the length in front of it
		messageHeader = 1 + 5 + 10 + 5 + 5 + 5 + 5
		headerHeader  = 5 + 5
	)
	n := batchHeader + messageHeader + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += headerHeader + len(h.Key) + len(h.Value)
	}
	return n
}

// numberedPartitions is the partitioner of records that name their partition.
type numberedPartitions struct{ count atomic.Int32 }

var _ interface {
	kgo.Partitioner
	kgo.TopicPartitioner
} = (*numberedPartitions)(nil)

// ForTopic implements kgo.Partitioner.
func (p *numberedPartitions) ForTopic(string) kgo.TopicPartitioner { return p }

// RequiresConsistency implements kgo.TopicPartitioner.
func (p *numberedPartitions) RequiresConsistency(*kgo.Record) bool { return true }

// Partition implements kgo.TopicPartitioner.
func (p *numberedPartitions) Partition(m *kgo.Record, n int) int {
	p.count.Store(int32(n))
	return int(m.Partition)
}
