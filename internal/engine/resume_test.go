package engine

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
)

// What an earlier run has done of a partition stays known, also if this run
// reads nothing of it.
func TestResumeKeepsThePositionOfEveryPartition(t *testing.T) {
	h := newHarness(40)
	other := pipeline.Origin{Source: "earlier", Offset: 7}
	store := &memory{position: pipeline.Position{other, {Source: "n", Offset: 19}}}
	h.plan.Resume, h.opts.Store = true, store
	h.plan.Source = pipeline.NewBound("numbers", nil, func(_ context.Context, e pipeline.Env) (pipeline.Source, error) {
		last, _ := e.Position.Last("n", 0)
		return struct{ pipeline.Source }{&numbers{h: h, next: last.Offset + 1}}, nil // no Committer
	})
	if st, err := h.run(t, t.Context()); err != nil || st.Written != 20 || st.Resumed != "earlier[0]@7, n[0]@19" {
		t.Errorf("%+v, %v", st, err)
	}
	if diff := cmp.Diff(pipeline.Position{other, {Source: "n", Offset: 39}}, store.position); diff != "" {
		t.Error(diff)
	}
}

// A source that keeps its positions itself has none in the store.
func TestResumeLeavesCommittersAlone(t *testing.T) {
	h := newHarness(40)
	store := &memory{}
	h.plan.Resume, h.opts.Store = true, store
	if st, err := h.run(t, t.Context()); err != nil || lastOf(h.committed) != 39 || store.position != nil || st.Resumed != "" {
		t.Errorf("%+v, %v; kept %v", st, err, store.position)
	}
}

// A record without a place in the sink moves the position on, too.
func TestResumeGoesOnAfterFilteredTail(t *testing.T) {
	h := newHarness(40)
	store := &memory{}
	h.plan.Resume, h.opts.Store = true, store
	h.plan.Source = pipeline.NewBound("numbers", nil, func(context.Context, pipeline.Env) (pipeline.Source, error) {
		return struct{ pipeline.Source }{&numbers{h: h}}, nil
	})
	h.apply = func(r *pipeline.Record) error {
		if number(r) >= 25 {
			return pipeline.ErrFiltered
		}
		return nil
	}
	if st, err := h.run(t, t.Context()); err != nil || st.Filtered != 15 || st.Written != 25 {
		t.Errorf("%+v, %v", st, err)
	}
	if last, _ := store.position.Last("n", 0); last.Offset != 39 {
		t.Errorf("kept %v", store.position)
	}
}
