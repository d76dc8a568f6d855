package playback

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Lateness is how late records left: release − due, in a histogram of three
// digits from a nanosecond to a day. It may be read while it is written.
type Lateness struct {
	mu        sync.Mutex
	histogram *hdrhistogram.Histogram
}

const longestLateness = 24 * time.Hour

// NewLateness returns an empty histogram.
func NewLateness() *Lateness {
	return &Lateness{histogram: hdrhistogram.New(1, int64(longestLateness), 3)}
}

// Record adds the latenesses of records that were released together, in
// nanoseconds.
func (l *Lateness) Record(late []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ns := range late {
		l.record(ns, 1)
	}
}

// RecordAll adds n records that are late by the same.
func (l *Lateness) RecordAll(late, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record(late, n)
}

func (l *Lateness) record(ns, n int64) {
	_ = l.histogram.RecordValues(min(max(ns, 0), int64(longestLateness)), n) // in range, so it can't fail
}

// Quantiles returns the lateness at each of the percentiles, 0 to 100; 100 is
// the maximum.
func (l *Lateness) Quantiles(percentiles ...float64) []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	ds := make([]time.Duration, len(percentiles))
	for i, p := range percentiles {
		ds[i] = time.Duration(l.histogram.ValueAtQuantile(p))
		if p == 100 {
			ds[i] = time.Duration(l.histogram.Max())
		}
	}
	return ds
}
