package kafka

import (
	"context"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// handOverTimeout is how long a partition is kept, when another member is to
// have it, until what is under way of it is done. It is well below the
// rebalance timeout, after which the others would go on without this member.
const handOverTimeout = 30 * time.Second

var _ pipeline.Sharer = groupSource{}

// Turn implements pipeline.Sharer.
func (s groupSource) Turn() int64 { return s.table.turn.Load() }

// Left implements pipeline.Sharer.
func (s groupSource) Left(o pipeline.Origin) int64 {
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	return s.table.get(partition{o.Source, o.Partition}).leftAt
}

// Forgo implements pipeline.Sharer.
func (s groupSource) Forgo(o pipeline.Origin) {
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	if p := s.table.get(partition{o.Source, o.Partition}); p.leaving {
		p.given, p.read = min(p.given, o.Offset), min(p.read, o.Offset)
		s.table.moved.Broadcast()
	}
}

// Passed implements pipeline.Sharer.
func (s groupSource) Passed(turn int64) {
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	s.table.passed = turn
	s.table.moved.Broadcast()
}

// giveUp begins to give partitions up: the engine is given nothing more of them,
// and leaves out what it has not begun with.
func (t *table) giveUp(ps []partition) {
	if len(ps) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := t.turn.Load() + 1
	for _, p := range ps {
		s := t.get(p)
		s.leaving, s.leftAt = true, turn
		s.assignment++
	}
	t.turn.Store(turn)
}

// handOver waits until what is under way of partitions is done, so that no
// record is handled twice and none before an earlier one is.
func (g *group) handOver(ctx context.Context, ps []partition) {
	late := false
	expire := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		late = true
		g.moved.Broadcast()
	}
	timer := time.AfterFunc(handOverTimeout, expire)
	defer timer.Stop()
	defer context.AfterFunc(ctx, expire)()
	g.mu.Lock()
	defer g.mu.Unlock()
	for !late && !g.leaving && !g.hurried && g.isBusy(ps) {
		g.moved.Wait()
	}
	if late && ctx.Err() == nil {
		g.log.Warn("partitions go to another member before what is under way of them is done: it is read there again", "after", handOverTimeout)
	}
}

// isBusy reports whether the engine has something under way of partitions.
func (t *table) isBusy(ps []partition) bool {
	for _, p := range ps {
		if s := t.get(p); s.done < s.given && t.passed < s.leftAt {
			return true
		}
	}
	return false
}

// hurry lets partitions go without waiting for them: the pipeline is stopped.
func (g *group) hurry() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hurried = true
	g.moved.Broadcast()
}
