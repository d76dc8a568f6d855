package engine

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// member is a source of two partitions, of which the first becomes another
// reader's on the way, and comes back later.
type member struct {
	count        int64 // of each partition
	batch        int
	leaves, back int // after so many records are done, and so many reads after that

	mu     sync.Mutex
	turn   atomic.Int64
	next   [2]int64
	done   [2]int64
	forgo  []int64
	passed []int64
	stored map[pipeline.Origin]bool
	wrong  string
}

func (m *member) Read(_ context.Context, b *pipeline.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b.Turn = m.turn.Load()
	if m.turn.Load() == 1 {
		if m.back--; m.back == 0 {
			m.turn.Store(2)
			b.Turn = 2
			m.next[0] = m.done[0]
		}
	}
	for i := 0; i < 2*m.batch && !b.Full(); i++ {
		p := i % 2
		if m.next[p] == m.count || p == 0 && m.turn.Load() == 1 {
			continue
		}
		r := b.Add(8)
		r.Origin = pipeline.Origin{Source: "m", Partition: int32(p), Offset: m.next[p]}
		r.Key = fmt.Append(nil, m.next[p]%5)
		m.next[p]++
	}
	if len(b.Records) == 0 && (m.turn.Load() == 2 || m.turn.Load() == 0) {
		return io.EOF
	}
	return nil
}

func (m *member) Close() error { return nil }

func (m *member) Turn() int64 { return m.turn.Load() }

func (m *member) Left(o pipeline.Origin) int64 {
	if o.Partition == 0 && m.turn.Load() > 0 {
		return 1
	}
	return 0
}

func (m *member) Forgo(o pipeline.Origin) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgo = append(m.forgo, o.Offset)
}

// Passed sees that nothing was begun with before that is not done.
func (m *member) Passed(turn int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.passed = append(m.passed, turn)
	for at := range m.stored {
		if at.Partition == 0 && turn == 1 && m.turn.Load() == 1 && at.Offset >= m.done[0] {
			m.wrong = fmt.Sprintf("the turn has passed at %d, though %d has been handled", m.done[0], at.Offset)
		}
	}
}

// Commit sees that nothing is left out before what is done.
func (m *member) Commit(_ context.Context, p pipeline.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, at := range p {
		for o := range at.Offset + 1 {
			if !m.stored[pipeline.Origin{Source: "m", Partition: at.Partition, Offset: o}] {
				m.wrong = fmt.Sprintf("partition %d is done up to %d, but %d is not handled", at.Partition, at.Offset, o)
			}
		}
		m.done[at.Partition] = max(m.done[at.Partition], at.Offset+1)
	}
	return nil
}

// take notes that a record is handled.
func (m *member) take(r *pipeline.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stored[r.Origin] = true
	if m.leaves--; m.leaves == 0 {
		m.turn.Store(1)
	}
}

// Store is a sink.
func (m *member) Store(_ context.Context, b *pipeline.Batch) error {
	for i := range b.Records {
		m.take(&b.Records[i])
	}
	return nil
}

// A partition becomes another reader's at any time, and comes back at any time:
// what is committed is done, and nothing is left out for good.
func TestPartitionsThatLeave(t *testing.T) {
	handlers := map[string]func(h *harness, m *member){
		"sink": func(h *harness, m *member) {
			h.plan.Sink = pipeline.NewBound("take", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
				return pipeline.Synchronous(m), nil
			})
		},
		"handler of records": func(h *harness, m *member) {
			h.endIn(pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, _ *pipeline.Results) error {
				m.take(r)
				return nil
			}))
		},
		"handler of batches among the transforms": func(h *harness, m *member) {
			h.withHandler(batchFunc(func(b *pipeline.Batch, out *pipeline.Results) error {
				for i := range b.Records {
					m.take(&b.Records[i])
					out.For(i)
					out.Keep()
					*out.Add() = pipeline.Record{}
				}
				return nil
			}))
		},
	}
	for name, with := range handlers {
		for _, workers := range []config.Workers{{}, {Count: 3, By: config.ByKey}, {Count: 3, By: config.ByPartition}} {
			t.Run(fmt.Sprint(name, workers), func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					m := &member{stored: map[pipeline.Origin]bool{}, count: rapid.Int64Range(1, 200).Draw(rt, "count"), batch: rapid.IntRange(1, 20).Draw(rt, "batch")}
					m.leaves, m.back = rapid.IntRange(1, int(2*m.count)).Draw(rt, "leaves"), rapid.IntRange(1, 20).Draw(rt, "back")
					h := newHarness(0)
					with(h, m)
					h.plan.Workers = workers
					h.plan.Source = pipeline.NewBound("member", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) { return m, nil })
					st, err := h.run(t, t.Context())
					if err != nil || m.wrong != "" {
						rt.Fatalf("%v, %s", err, m.wrong)
					}
					if int64(len(m.stored)) != 2*m.count && m.turn.Load() != 1 {
						rt.Errorf("%d of %d are handled, %v left out", len(m.stored), 2*m.count, m.forgo)
					}
					if st.Failed > 0 || st.Written < 2*m.count && m.turn.Load() != 1 {
						rt.Errorf("%+v", st)
					}
				})
			})
		}
	}
}

// Of what has left, one worker begins with nothing more, and says where.
func TestNothingMoreIsHandledOfWhatHasLeft(t *testing.T) {
	m := &member{stored: map[pipeline.Origin]bool{}, count: 100, batch: 1000, leaves: 11, back: 1 << 30}
	h := newHarness(0)
	h.plan.Source = pipeline.NewBound("member", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) { return &once{member: m}, nil })
	h.endIn(batchFunc(func(b *pipeline.Batch, _ *pipeline.Results) error { return m.Store(t.Context(), b) }))
	st, err := h.run(t, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var handled []int64 // of the partition that has left, before and after
	for o := range m.count {
		if m.stored[pipeline.Origin{Source: "m", Offset: o}] {
			handled = append(handled, o)
		}
	}
	if diff := cmp.Diff([]int64{1}, m.passed); diff != "" {
		t.Error(diff)
	}
	n := int64(len(handled))
	if diff := cmp.Diff(upTo(n), handled); diff != "" || n < 6 || n > 32 || m.done[0] != n || m.forgo[0] != n || st.Read != m.count+n {
		t.Errorf("handled %v, done up to %d, left out %v, %+v", handled, m.done[0], m.forgo, st)
	}
}

// once is a member that is read once.
type once struct {
	*member
	ended bool
}

func (s *once) Read(ctx context.Context, b *pipeline.Batch) error {
	if s.ended {
		return io.EOF
	}
	s.ended = true
	return s.member.Read(ctx, b)
}
