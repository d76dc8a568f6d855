package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// Sample is the start of a record, for a person to look at.
type Sample struct {
	Time  time.Time // its event time; zero if it has none
	Key   string
	Value string // as it was written, or else as it was read; empty if there are no bytes of it
}

// sampleSize is how much of a key and of a value is kept.
const sampleSize = 256

// sampler keeps the latest record for who asked for it: a copy once a flight,
// and nothing at all before that.
type sampler struct {
	wanted atomic.Bool

	mu         sync.Mutex
	at         time.Time
	key, value []byte
}

// take keeps the last of the records that are stored, if there is one.
func (s *sampler) take(records []pipeline.Record) {
	if !s.wanted.Load() {
		return
	}
	for i := len(records) - 1; i >= 0; i-- {
		r := &records[i]
		if r.Failure != nil {
			continue
		}
		value := r.Encoded
		if value == nil {
			value = r.Raw
		}
		s.mu.Lock()
		s.at = r.Time
		s.key = append(s.key[:0], r.Key[:min(len(r.Key), sampleSize)]...)
		s.value = append(s.value[:0], value[:min(len(value), sampleSize)]...)
		s.mu.Unlock()
		return
	}
}

// Latest returns the start of the latest record that was stored since it was
// first called.
func (p *Pipeline) Latest() Sample {
	s := &p.stats.sampler
	s.wanted.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	return Sample{s.at, string(s.key), string(s.value)}
}
