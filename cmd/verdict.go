package cmd

import (
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// breaches returns in what a pipeline that may have completed has failed by
// the flags of its run.
func (o *runOptions) breaches(s engine.Status) []error {
	var errs []error
	if n := s.Skipped + s.DeadLettered; o.strict && n > 0 {
		errs = append(errs, fmt.Errorf("%s: %s skipped or dead-lettered, which --strict takes as a failure", s.Name, count(n, "record")))
	}
	if o.strict && s.Lost > 0 {
		errs = append(errs, fmt.Errorf("%s: at most %s lost, which --strict takes as a failure", s.Name, count(s.Lost, "record")))
	}
	if o.lateness > 0 && s.Pace != nil && s.Pace.Lateness.P99 > o.lateness {
		errs = append(errs, fmt.Errorf("%s was late: 99 %% within %s, and --fail-lateness allows %v", s.Name, late(s.Pace.Lateness.P99), o.lateness))
	}
	return errs
}

// judged returns how pipelines have ended, those in breach of a flag as
// failed.
func (o *runOptions) judged(statuses []engine.Status) []engine.Status {
	verdicts := make([]engine.Status, len(statuses))
	for i, s := range statuses {
		if errs := o.breaches(s); len(errs) > 0 {
			s.State, s.Err = engine.Failed, errors.Join(append([]error{s.Err}, errs...)...)
		}
		verdicts[i] = s
	}
	return verdicts
}

var errForced = errors.New("ended by a second Ctrl-C: what had been released last may not be stored")

// reportForced writes the report of a run that is ended by a second signal.
func reportForced(o *runOptions, pipelines []*engine.Pipeline) {
	if o.report == "" {
		return
	}
	statuses := statusesOf(pipelines)
	for i, s := range statuses {
		if s.State == engine.Opening || s.State == engine.Running {
			statuses[i].State, statuses[i].Err = engine.Failed, errForced
		}
	}
	_ = newReport(version(), o.judged(statuses)).write(o.report) // nobody waits for an error any more
}
