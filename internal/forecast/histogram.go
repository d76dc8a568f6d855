package forecast

import (
	"math"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// buckets is how fine the histogram is while its end is not known.
const buckets = 1 << 14

// Histogram counts rows over time, in buckets of one width that grow with what
// they have to hold.
type Histogram struct {
	from   int64  // Unix nanoseconds
	width  uint64 // of a bucket, in nanoseconds
	last   int    // the highest bucket in use
	counts []int64
}

func (h *Histogram) start(from int64) {
	h.from, h.width, h.counts = from, 1, make([]int64, buckets)
}

// add counts a row at a time that is not before the start.
func (h *Histogram) add(t int64) {
	at := uint64(t) - uint64(h.from)
	for at/h.width >= buckets {
		h.widen()
	}
	h.last = max(h.last, int(at/h.width))
	h.counts[at/h.width]++
}

func (h *Histogram) widen() {
	for i := range buckets / 2 {
		h.counts[i] = h.counts[2*i] + h.counts[2*i+1]
	}
	clear(h.counts[buckets/2:])
	h.width *= 2
	h.last /= 2
}

// Bars returns the rows in n equal parts of the time, up to the end, that the
// histogram spans, and the width of a part; nil if there is no row.
func (h *Histogram) Bars(n int, end time.Time) (rows []int64, width time.Duration) {
	if h.counts == nil {
		return nil, 0
	}
	span := uint64(playback.EventTime(end)) - uint64(h.from)
	rows = make([]int64, n)
	for i, count := range h.counts[:h.last+1] {
		middle := min(uint64(i)*h.width+h.width/2, span)
		rows[min(int(float64(middle)/float64(max(span, 1))*float64(n)), n-1)] += count
	}
	return rows, time.Duration(min(span/uint64(n), math.MaxInt64))
}
