package cmd

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// heldWriter is a terminal that shows nothing until it is let go.
type heldWriter struct {
	bytes.Buffer
	held chan struct{}
}

func (h *heldWriter) Write(p []byte) (int, error) {
	<-h.held
	return h.Buffer.Write(p)
}

func TestLogQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &heldWriter{held: make(chan struct{})}
		q := &logQueue{w: w}
		line := strings.Repeat("x", 1023) + "\n"
		var want strings.Builder
		for i := range 2 * mostQueued / len(line) {
			text := fmt.Sprintf("%4d%s", i, line[4:])
			if _, err := q.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if i <= mostQueued/len(line) { // the first one is being written
				want.WriteString(text)
			}
		}
		start := time.Now()
		if q.flush(time.Second); time.Since(start) != time.Second {
			t.Errorf("it waits %v for a terminal that is held", time.Since(start))
		}
		close(w.held)
		q.flush(0)
		want.WriteString("… and 255 lines, while the terminal was held\n")
		if w.String() != want.String() {
			t.Errorf("it writes %d bytes, want %d; the last ones are %q", w.Len(), want.Len(), w.String()[max(w.Len()-100, 0):])
		}
	})
}

func TestNoLogQueue(t *testing.T) {
	(*logQueue)(nil).flush(0)
	(&logQueue{}).flush(0)
}
