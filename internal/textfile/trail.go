package textfile

import (
	"sync"

	pipeline "github.com/pipeline-daemon/pipeline"
)

// trail remembers the records that a merge gave last, more of them than an
// engine reads ahead, so as to tell how far it was at each.
type trail struct {
	files files
	done  []int64 // the text that is done of each file; the reader's
	total float64 // the bytes on the disk that this makes; the reader's
	fresh []step  // not yet published

	mu    sync.Mutex
	steps []step
	next  int // where in steps the next one goes, once they are all in use
}

type step struct {
	file   int
	offset int64
	total  float64 // done before this record
}

const trailSteps = 64 << 10

// begin says at which byte of a file its reading starts.
func (t *trail) begin(file int, offset int64) {
	for len(t.done) <= file {
		t.done = append(t.done, 0)
	}
	t.advance(file, offset)
}

func (t *trail) advance(file int, offset int64) {
	t.total += float64(offset-t.done[file]) * t.files[file].diskPerText()
	t.done[file] = offset
}

func (t *trail) add(file int, offset, size int64) {
	t.advance(file, offset)
	t.fresh = append(t.fresh, step{file, offset, t.total})
	t.advance(file, offset+size)
}

// publish lets progress know of what was added.
func (t *trail) publish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.fresh {
		if len(t.steps) < trailSteps {
			t.steps = append(t.steps, s)
			continue
		}
		t.steps[t.next] = s
		t.next = (t.next + 1) % trailSteps
	}
	t.fresh = t.fresh[:0]
}

// progress returns the share of all bytes that was done before the record at
// o. It may be called from any goroutine.
func (t *trail) progress(o pipeline.Origin) (float64, bool) {
	all, known := 0.0, t.files.known()
	for _, f := range t.files {
		all += float64(f.size)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.steps {
		s := &t.steps[(t.next+len(t.steps)-1-i)%len(t.steps)]
		if s.offset == o.Offset && t.files[s.file].name == o.Source {
			return min(s.total/all, 1), known && all > 0
		}
	}
	return 0, false
}
