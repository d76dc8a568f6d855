package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// job is records that a crew shares out.
type job struct {
	tasks    []task
	owner    []int32 // of each record: the number of its task
	left     atomic.Int32
	finished chan struct{}

	mu     sync.Mutex // of what is through
	passed int        // how many records have been handed on
	fanned bool       // some have become several
}

// task is what one worker has to do of a job.
type task struct {
	part
	job   *job
	given []pipeline.Record // what it begins with
	spare []*part           // for pieces
	used  int               // of these

	through []*part // pieces, in order
	at      int     // the piece in which
	next    int     // the next record to be handed on is
}

// share shares records out.
func (c *crew) share(j *job, records []pipeline.Record, turn int64) {
	if j.tasks == nil {
		j.tasks, j.finished = make([]task, len(c.workers)), make(chan struct{}, 1)
		for i := range j.tasks {
			j.tasks[i].job = j
		}
	}
	j.owner, j.passed, j.fanned = j.owner[:0], 0, false
	for i := range j.tasks {
		t := &j.tasks[i]
		t.given, t.used, t.through, t.at, t.next = t.given[:0], 0, t.through[:0], 0, 0
	}
	for i := range records {
		k := c.pick(&records[i])
		t := &j.tasks[k]
		t.given = append(t.given, records[i])
		j.owner = append(j.owner, int32(k))
	}
	j.left.Store(int32(len(j.tasks)))
	for i := range j.tasks {
		t := &j.tasks[i]
		t.begin(t.given, nil, turn)
		if len(t.given) == 0 {
			j.finish()
			continue
		}
		c.queues[i] <- t
	}
}

// piece implements outlet.
func (t *task) piece() *part {
	if t.used == len(t.spare) {
		t.spare = append(t.spare, &part{})
	}
	t.used++
	return t.spare[t.used-1]
}

// handOn implements outlet.
func (t *task) handOn(p *part) {
	t.job.mu.Lock()
	defer t.job.mu.Unlock()
	t.through = append(t.through, p)
	t.job.fanned = t.job.fanned || p.further != nil
}

// finish notes that a task is done.
func (j *job) finish() {
	if j.left.Add(-1) == 0 {
		j.finished <- struct{}{}
	}
}

// take returns what has become of the job's records since the last time, up to
// the first that is not through, or the last one: that stays until all are. They
// go back to where they came from, or into a part if some have become several.
func (j *job) take(records []pipeline.Record, into *part, last bool) outcomes {
	j.mu.Lock()
	defer j.mu.Unlock()
	made := &into.made[0]
	made.records, made.further = made.records[:0], made.further[:0]
	begun, end := j.passed, len(j.owner)
	if !last {
		end--
	}
	for ; j.passed < end; j.passed++ {
		t := &j.tasks[j.owner[j.passed]]
		p := t.first()
		if p == nil {
			break
		}
		if !j.fanned {
			records[j.passed] = p.records[t.next]
			t.next++
			continue
		}
		for first := true; t.next < len(p.records) && (first || p.isFurther(t.next)); first = false {
			made.add(&p.records[t.next], !first)
			t.next++
		}
	}
	if !j.fanned {
		return outcomes{records: records[begun:j.passed:j.passed]}
	}
	return *made
}

// first returns the first piece of which something is to be handed on, or nil.
func (t *task) first() *part {
	for t.at < len(t.through) && t.next == len(t.through[t.at].records) {
		t.at, t.next = t.at+1, 0
	}
	if t.at == len(t.through) {
		return nil
	}
	return t.through[t.at]
}

// await waits until the job is finished. On the way it hands on what is through,
// from time to time.
func (j *job) await(tick <-chan time.Time, handOn func()) {
	for {
		select {
		case <-j.finished:
			return
		case <-tick:
			handOn()
		}
	}
}

// whole reports whether all of the job's records have been taken.
func (j *job) whole() bool { return j.passed == len(j.owner) }
