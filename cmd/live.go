package cmd

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/control"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// liveReport is the status of a running pipeline, as  pipeline status --json
// shows it.
type liveReport struct {
	pipelineReport
	PID       int         `json:"pid"`
	Paused    bool        `json:"paused"`
	EventTime *time.Time  `json:"event_time"`      // the play head, or the last record's; null if there is none
	Share     *float64    `json:"share"`           // of all there is to read, 0 to 1; null if it is not known
	Waits     *waitReport `json:"waits,omitempty"` // absent: for less than a second
}

// waitReport tells of a long wait for the next record.
type waitReport struct {
	Seconds float64 `json:"seconds"`
	For     string  `json:"for"` // where the record is from, such as data.csv:512
}

func newLiveReport(s engine.Status) liveReport {
	r := liveReport{pipelineReport: newPipelineReport(s), PID: os.Getpid()}
	at := s.EventTime
	if s.Pace != nil {
		r.Paused = s.Pace.Paused
		at = s.Pace.Position
		if s.Pace.Awaited != "" {
			r.Waits = &waitReport{micros(s.Pace.Wait) / 1e6, s.Pace.Awaited}
		}
	}
	if !at.IsZero() {
		r.EventTime = &at
	}
	if s.Share >= 0 {
		r.Share = &s.Share
	}
	return r
}

// line shows it in a line.
func (r *liveReport) line() string {
	state := string(r.State)
	if r.Paused && r.State == engine.Running {
		state = "paused"
	}
	parts := []string{r.Name, state}
	if r.EventTime != nil {
		parts = append(parts, "at "+r.EventTime.UTC().Format("2006-01-02 15:04:05.999"))
	}
	if r.Share != nil {
		parts = append(parts, strings.TrimSpace(percent(*r.Share)))
	}
	if r.Waits != nil {
		parts = append(parts, fmt.Sprintf("waits %s for %s", span(time.Duration(r.Waits.Seconds*1e9)), r.Waits.For))
	}
	parts = append(parts, count(r.Records.Read, "record"))
	if r.Pace != nil {
		parts = append(parts, "speed "+factor(r.Pace.Speed), fmt.Sprintf("p99 %.1f ms late", r.Pace.LatenessMS.P99))
	} else {
		parts = append(parts, rate(r.RecordsPerSecond))
	}
	return strings.Join(parts, "  ")
}

// steerable opens the socket by which other commands find these pipelines, and
// returns what ends that. A run that can't be steered runs all the same.
func steerable(ctx context.Context, c *console, dir string, pipelines []*engine.Pipeline) (end func()) {
	others := map[string]string{}
	running := control.Find(ctx, dir)
	for _, r := range running {
		others[r.Name] = r.PID
	}
	closeAll(running)
	all := make([]control.Pipeline, len(pipelines))
	for i, p := range pipelines {
		name := p.Status().Name
		all[i] = control.Pipeline{Name: name, Target: p, Status: func() any { return newLiveReport(p.Status()) }}
		if pid := others[name]; pid != "" {
			c.log.Warn(fmt.Sprintf("process %s runs a pipeline of this name with the state folder %s, too: to steer either of them, run each with its own --state", pid, dir), "pipeline", name)
		}
	}
	server, err := control.Serve(dir, all)
	if err != nil {
		c.log.Info("the run can't be steered from outside: " + err.Error())
		return func() {}
	}
	return func() { _ = server.Close() } // all has ended
}
