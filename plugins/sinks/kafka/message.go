package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fields"
	"github.com/twmb/franz-go/pkg/kgo"
)

// writer makes messages of the records of one batch.
type writer struct {
	sink  *sink
	slab  *slab
	now   time.Time
	topic *topic // of the record; nil is none
}

func (w *writer) write(m *kgo.Record, r *pipeline.Record) error {
	o := w.sink.options
	if err := w.setTopic(m, r); err != nil {
		return err
	}
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

// setTopic finds the record's topic. Records that follow each other often have
// the same.
func (w *writer) setTopic(m *kgo.Record, r *pipeline.Record) error {
	name := cmp.Or(r.Topic, w.sink.options.Topic)
	if w.topic == nil || w.topic.name != name {
		w.topic = w.sink.topics[name]
	}
	switch {
	case w.topic != nil:
		m.Topic = w.topic.name
		return nil
	case name == "":
		return errors.New("topic: neither the record names one nor the sink")
	}
	return fmt.Errorf("topic: the record names %q, which the source's options don't", name)
}

func (w *writer) key(m *kgo.Record, r *pipeline.Record) (err error) {
	m.Key = r.Key
	if key := w.sink.options.Key; key.Given() {
		w.slab.texts, m.Key, err = key.Append(w.slab.texts, r)
	}
	if err == nil && m.Key == nil && w.topic.keyed {
		err = fmt.Errorf("the record has none, and topic %q, which is compacted, takes only records with a key", w.topic.name)
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
	const said = "timestamp: the record's time, %s, is %v %s the broker's, which is more than topic %q takes (%s); pace: {rebase: event} moves the times to now, or use timestamp: now"
	l, name := &w.topic.limits, w.topic.name
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
	if !w.topic.looked {
		w.topic.looked = true
		w.warnOfRetention(r.Time)
	}
	m.Timestamp = r.Time
	return nil
}

// warnOfRetention says that a topic's first record is so old that the topic
// deletes it.
func (w *writer) warnOfRetention(at time.Time) {
	if t := w.topic; t.retention > 0 && w.now.Sub(at) > t.retention {
		w.sink.log.Warn("the records are older than the topic keeps messages, so Kafka will delete them soon; pace: {rebase: event} moves their times to now, or use timestamp: now",
			"topic", t.name, "time", at.UTC().Format(time.RFC3339), "retention.ms", t.retention.Milliseconds())
	}
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
type numberedPartitions sink

var (
	_ kgo.Partitioner      = (*numberedPartitions)(nil)
	_ kgo.TopicPartitioner = (*topic)(nil)
)

// ForTopic implements kgo.Partitioner.
func (p *numberedPartitions) ForTopic(name string) kgo.TopicPartitioner { return p.topics[name] }

// RequiresConsistency implements kgo.TopicPartitioner.
func (t *topic) RequiresConsistency(*kgo.Record) bool { return true }

// Partition implements kgo.TopicPartitioner.
func (t *topic) Partition(m *kgo.Record, n int) int {
	t.partitions.Store(int32(n))
	return int(m.Partition)
}
