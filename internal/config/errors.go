package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// The policies for a record that failed and is not worth another try.
const (
	Stop       = "stop"
	Skip       = "skip"
	DeadLetter = "dead_letter"
)

// Errors is the policy for failures. Retries and Backoff are for a sink that
// fails as a whole, too.
type Errors struct {
	Retries     int           `yaml:"retries" doc:"how often a failure that may pass is tried again"`
	Backoff     Backoff       `yaml:"backoff" doc:"how long to wait before each further try"`
	Timeout     time.Duration `yaml:"timeout" doc:"how long a transform may take for a record, and a handler for a record or, if it works on batches, for a batch, before that fails; 0: as long as it likes. Code that goes on regardless ends the pipeline after the grace time"`
	OnFailure   string        `yaml:"on_failure" doc:"what happens to a record that failed: stop, skip or dead_letter"`
	MaxFailures MaxFailures   `yaml:"max_failures" doc:"with skip or dead_letter, how many records may fail: a count, such as 100, or a share of what was read, such as 5%, which counts from the 100th record on. With more the pipeline stops. The default is any number"`
}

// Backoff is how long to wait between tries: twice as long each time.
type Backoff struct {
	Initial time.Duration `yaml:"initial" doc:"the wait before the second try"`
	Max     time.Duration `yaml:"max" doc:"the longest wait"`
	Jitter  float64       `yaml:"jitter" doc:"by which share of itself a wait is longer or shorter at random, 0 to 1, so that many pipelines don't try at once"`
}

var defaultErrors = Errors{Retries: 3, Backoff: Backoff{Initial: 100 * time.Millisecond, Max: 10 * time.Second, Jitter: 0.5}, OnFailure: Stop}

// Validate implements pipeline.Validator.
func (e *Errors) Validate() error {
	var errs []error
	bad := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if e.Retries < 0 {
		bad("retries", "wants 0 or more, not %d", e.Retries)
	}
	if e.Backoff.Initial <= 0 || e.Backoff.Max < e.Backoff.Initial {
		bad("backoff", "wants initial above 0 and max at least initial, not %v and %v", e.Backoff.Initial, e.Backoff.Max)
	}
	if !(e.Backoff.Jitter >= 0 && e.Backoff.Jitter <= 1) {
		bad("backoff.jitter", "wants a share from 0 to 1, not %v", e.Backoff.Jitter)
	}
	if e.Timeout < 0 {
		bad("timeout", "wants 0 or more, not %v", e.Timeout)
	}
	if e.OnFailure != Stop && e.OnFailure != Skip && e.OnFailure != DeadLetter {
		bad("on_failure", "wants stop, skip or dead_letter, not %q", e.OnFailure)
	}
	if e.MaxFailures != (MaxFailures{}) && e.OnFailure == Stop {
		bad("max_failures", "is used only with  on_failure: skip  or  dead_letter")
	}
	return errors.Join(errs...)
}

// MaxFailures is how many records may fail: a count, or a share of what was
// read. The zero value is any number.
type MaxFailures struct {
	set   bool
	count int64
	share float64 // in percent; 0: it is a count
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *MaxFailures) UnmarshalText(text []byte) error {
	percent, isShare := strings.CutSuffix(string(text), "%")
	if isShare {
		share, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err == nil && share > 0 && share <= 100 {
			*m = MaxFailures{set: true, share: share}
			return nil
		}
	} else if count, err := strconv.ParseInt(string(text), 10, 64); err == nil && count >= 0 {
		*m = MaxFailures{set: true, count: count}
		return nil
	}
	return fmt.Errorf("wants a count, such as 100, or a share above 0%%, such as 5%%, not %q", text)
}

// OptionType implements pipeline.Typer.
func (MaxFailures) OptionType() string { return "string" }

// String returns the bound as it is written.
func (m MaxFailures) String() string {
	switch {
	case !m.set:
		return ""
	case m.share > 0:
		return strconv.FormatFloat(m.share, 'g', -1, 64) + "%"
	}
	return strconv.FormatInt(m.count, 10)
}

// leastRead is how many records a share is first taken of.
const leastRead = 100

// Exceeded reports whether too many of the records that were read have failed.
// At the end of a run a share is taken of however few there are.
func (m MaxFailures) Exceeded(failed, read int64, end bool) bool {
	switch {
	case !m.set:
		return false
	case m.share == 0:
		return failed > m.count
	}
	return (end || read >= leastRead) && float64(failed)*100 > m.share*float64(read)
}
