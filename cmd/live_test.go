package cmd

import (
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// A status names the record that keeps a replay waiting.
func TestStatusNamesWhatIsWaitedFor(t *testing.T) {
	s := engine.Status{Name: "r", State: engine.Running, Share: -1,
		Pace: &engine.PaceStatus{Speed: 1, Wait: 3 * 366 * 24 * time.Hour, Awaited: "data.csv:512"}}
	r := newLiveReport(s)
	if got := r.line(); !strings.Contains(got, "  waits 3y 3d for data.csv:512  ") {
		t.Errorf("%q", got)
	}
	s.Pace.Awaited = ""
	if r = newLiveReport(s); r.Waits != nil || strings.Contains(r.line(), "waits") {
		t.Errorf("%q", r.line())
	}
}
