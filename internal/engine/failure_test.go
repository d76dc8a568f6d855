package engine

import (
	"errors"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// One half of a flight goes to the sink, the other to the dead letters, and
// both are under way at once.
func TestTwoSinksAreDoneAtOnce(t *testing.T) {
	h := newHarness(1000)
	h.plan.Errors.OnFailure = config.DeadLetter
	h.read = func(r *pipeline.Record) {
		if number(r)%2 > 0 {
			r.Fail(errBad)
		}
	}
	h.later = func(done func()) { go done() }
	if st, err := h.run(t, t.Context()); err != nil || st.Written != 500 || st.DeadLettered != 500 {
		t.Errorf("%+v, %v", st, err)
	}
}

// A sink marks a record, and then fails as a whole: what it is given again is
// unmarked, and what it said of it before counts no longer.
func TestFailedBatchIsGivenAgainUnmarked(t *testing.T) {
	h := newHarness(10)
	calls := 0
	h.write = func(b *pipeline.Batch) error {
		if calls++; calls == 1 {
			b.Records[3].Fail(errBad)
			b.Written = 1000
			return errors.New("busy")
		}
		for i := range b.Records {
			if r := &b.Records[i]; r.Failure != nil {
				t.Errorf("record %d is given again as failed: %v", number(r), r.Failure.Err)
			}
		}
		return nil
	}
	st, err := h.run(t, t.Context())
	if err != nil || calls != 2 || st.Written != 10 || st.Bytes != 10 {
		t.Errorf("%+v, %v after %d calls", st, err, calls)
	}
}
