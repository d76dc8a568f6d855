package kafka

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pipeline-daemon/pipeline"
)

// table knows where each partition is that is read here, or was.
type table struct {
	mu     sync.Mutex
	moved  *sync.Cond   // something of a partition that is given up is done, or left out
	turn   atomic.Int64 // counts how often partitions were given up
	passed int64        // the turn before which nothing is under way
	shares bool         // what is read of them by then is left out
	states map[partition]*state
	alone  bool // without a group: what comes is this reader's
	skips  bool // messages from before the time to start from, of partitions that came later
}

// state is where a partition is. Its offsets are those of the next message.
type state struct {
	owned      bool
	leaving    bool  // it is being given up
	leftAt     int64 // the turn with which it last was
	assignment int   // counts how often it was assigned
	begun      int64 // where this reader began with it
	fetched    int64 // by the client
	read       int64 // by the engine
	given      int64 // behind the last message that the engine was given
	done       int64 // as the engine says
	committed  int64 // to the group; -1: nothing is
	end        int64 // of the partition, as was last heard
	skipping   bool  // messages from before the time to start from
	anew       bool  // the topic was made anew: what is committed is of the old one
}

func newTable(o *Options) *table {
	t := &table{states: map[partition]*state{}, alone: o.Group == noGroup, skips: !o.From.at.IsZero()}
	t.moved = sync.NewCond(&t.mu)
	return t
}

// get returns p's state, that of a partition of which nothing is known at
// first.
func (t *table) get(p partition) *state {
	s := t.states[p]
	if s == nil {
		s = &state{committed: -1}
		t.states[p] = s
	}
	return s
}

// assign notes that p is this reader's from now on, and begins no earlier than
// at next.
func (t *table) assign(p partition, next int64) *state {
	s := t.get(p)
	s.owned, s.leaving = true, false
	s.assignment++
	if t.shares || s.done >= s.given { // nothing is under way: it was done, or left out
		if s.done > s.committed {
			next = max(s.done, next)
		}
		s.read, s.given, s.done = next, next, next
	} else {
		s.read, s.given, s.done = max(s.read, next), max(s.given, next), max(s.done, next)
	}
	s.fetched, s.begun = s.read, s.done
	return s
}

// assignment tells one ownership of a partition from another. 0: it is not
// this reader's.
func (t *table) assignment(p partition) (n int, skipping bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.states[p]; s != nil && s.owned && !s.leaving {
		return s.assignment, s.skipping
	}
	return 0, false
}

// fetch notes that messages of p from first to last have come, while its log
// began at start, and returns how they are to be read. Messages between those
// before and start are lost.
func (t *table) fetch(p partition, first, last, start, end int64) (assignment int, lost loss) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.get(p)
	if !s.owned && t.alone { // a topic that came later
		s.owned, s.assignment, s.skipping = true, s.assignment+1, t.skips
	}
	if !s.owned {
		return 0, loss{}
	}
	if gone := min(first, start); gone > s.fetched {
		lost = loss{p, s.fetched, gone}
	}
	s.fetched = last + 1
	s.end = max(s.end, end)
	return s.assignment, lost
}

// read notes that the engine is through with p up to next, and was given
// messages up to given; 0 is none.
func (t *table) read(p partition, next, given int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.get(p)
	if given > 0 {
		s.skipping = false
	}
	s.read, s.given = max(s.read, next), max(s.given, given)
	s.settle()
}

// settle counts what lies between the messages, or was left out, as done with
// the messages before it.
func (s *state) settle() {
	if s.done >= s.given {
		s.done = max(s.done, s.read)
	}
}

// skip goes on at next, whatever is there before.
func (t *table) skip(p partition, next int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.get(p)
	s.fetched, s.read = next, max(s.read, next)
	s.settle()
}

// next returns the offset of the message of p to be fetched next.
func (t *table) next(p partition) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.get(p).fetched
}

// hear notes where partitions end.
func (t *table) hear(ends map[partition]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, end := range ends {
		t.get(p).end = end
	}
}

// settled reports whether the engine is done with all it was given of a topic.
func (t *table) settled(topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, s := range t.states {
		if p.topic == topic && s.done < s.given {
			return false
		}
	}
	return true
}

// forget drops what is known of a topic, whose offsets mean nothing any more,
// and returns the partitions that were this reader's.
func (t *table) forget(topic string) (numbers []int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, s := range t.states {
		if p.topic != topic {
			continue
		}
		if s.owned {
			numbers = append(numbers, p.number)
		}
		*s = state{assignment: s.assignment, committed: -1, anew: true}
	}
	return numbers
}

// behind returns the partitions of which not all is fetched that is there, as
// was last heard.
func (t *table) behind() (ps []partition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, s := range t.states {
		if s.owned && s.fetched < s.end {
			ps = append(ps, p)
		}
	}
	return ps
}

// unfetched counts the messages of a topic that are not fetched, as was last
// heard.
func (t *table) unfetched(topic string) (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, s := range t.states {
		if p.topic == topic && s.owned {
			n += max(s.end-s.fetched, 0)
		}
	}
	return n
}

// owned counts the partitions that are this reader's.
func (t *table) owned() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.states {
		if s.owned {
			n++
		}
	}
	return n
}

// lag implements pipeline.Lagger. Without commits nobody says what is done,
// only what was read.
func (t *table) lag(commits bool) []pipeline.Lag {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lags []pipeline.Lag
	for p, s := range t.states {
		at := s.read
		if commits {
			at = s.done
		}
		if s.owned {
			lags = append(lags, pipeline.Lag{Source: p.topic, Partition: p.number, Records: max(s.end-at, 0)})
		}
	}
	slices.SortFunc(lags, func(a, b pipeline.Lag) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Partition, b.Partition))
	})
	return lags
}
