package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/fieldtime"
)

// eventTime is that of a message, or why it has none: then it is the time of
// the message before it.
type eventTime struct {
	time.Time
	err error
}

// fieldTimes finds the event times of messages in their values. It decodes
// them: which message is next depends on it, and the engine sees only that one.
type fieldTimes struct {
	codec  pipeline.Codec
	reader *fieldtime.Reader
	last   map[partition]time.Time
	record pipeline.Record
}

func newFieldTimes(ctx context.Context, env pipeline.Env, o *Options) (*fieldTimes, error) {
	codec, err := o.Codec.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	reader, err := fieldtime.New(o.Timestamp, &o.Notation)
	return &fieldTimes{codec: codec, reader: reader, last: map[partition]time.Time{}}, err
}

// learnFrom is how many messages are looked at to find out how times are
// written.
const learnFrom = 1000

// of returns the event times of a run's messages. It fails if they can be read
// in several ways.
func (f *fieldTimes) of(r *run) ([]eventTime, error) {
	if !f.reader.Knows() {
		if err := f.learn(r); err != nil {
			return nil, pipeline.Permanent(fmt.Errorf("topic %q: %w", r.topic, err))
		}
	}
	times := make([]eventTime, len(r.messages))
	last, ok := f.last[r.partition]
	if !ok {
		last = r.messages[0].Timestamp
	}
	for i, m := range r.messages {
		t := &times[i]
		if m.Value != nil && !m.Attrs.IsControl() {
			if t.err = f.decode(m.Value); t.err == nil {
				t.err = f.reader.Set(&f.record)
			}
			if t.err == nil {
				last = f.record.Time
			}
		}
		t.Time = last
	}
	f.last[r.partition] = last
	return times, nil
}

// learn finds out how times are written, if any of the messages has one.
func (f *fieldTimes) learn(r *run) error {
	var texts []string
	for _, m := range r.messages[:min(len(r.messages), learnFrom)] {
		if m.Value == nil || m.Attrs.IsControl() || f.decode(m.Value) != nil {
			continue
		}
		if text, err := f.reader.Text(&f.record); err == nil {
			texts = append(texts, string(text))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return f.reader.Learn(texts)
}

func (f *fieldTimes) decode(value []byte) error {
	return f.codec.Decode(value, &f.record.Value)
}
