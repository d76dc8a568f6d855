package engine

import (
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
