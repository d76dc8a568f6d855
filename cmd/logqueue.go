package cmd

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// logQueue writes log lines to a terminal by and by: one that is slow or held
// (Ctrl-S) must not delay a replay. What is more than it keeps is left out, and
// said to be. A nil queue is none: it has nothing to flush.
type logQueue struct {
	w io.Writer

	mu    sync.Mutex
	lines bytes.Buffer
	left  int           // out
	idle  chan struct{} // closed once all is written; nil: nothing is being written
}

// mostQueued is how many bytes of log lines wait for a terminal.
const mostQueued = 256 << 10

// Write implements io.Writer. p is one or more whole lines.
func (q *logQueue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lines.Len()+len(p) > mostQueued {
		q.left += bytes.Count(p, []byte("\n"))
		return len(p), nil
	}
	q.lines.Write(p)
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.drain()
	}
	return len(p), nil
}

// drain writes until there is nothing more.
func (q *logQueue) drain() {
	for {
		q.mu.Lock()
		if q.lines.Len() == 0 {
			close(q.idle)
			q.idle = nil
			q.mu.Unlock()
			return
		}
		text := bytes.Clone(q.lines.Bytes())
		q.lines.Reset()
		if q.left > 0 {
			text = fmt.Appendf(text, "… and %s, while the terminal was held\n", count(int64(q.left), "line"))
			q.left = 0
		}
		q.mu.Unlock()
		_, _ = q.w.Write(text) // without the terminal there is nobody to tell
	}
}

// flush waits until all is written, or for as long as is given; 0: for ever.
func (q *logQueue) flush(atMost time.Duration) {
	if q == nil {
		return
	}
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return
	}
	var over <-chan time.Time
	if atMost > 0 {
		over = time.After(atMost)
	}
	select {
	case <-idle:
	case <-over:
	}
}
