// Package exec is the handler that is a program of any language: it is given
// records as lines of JSON, and answers with lines of JSON.
package exec

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// Options are the options of the handler.
type Options struct {
	_       struct{}               `doc:"runs a program of any language on every record. It reads a line of JSON for each from its standard input, {\"id\": 7, \"key\": \"k\", \"value\": {…}, \"headers\": {…}, \"time\": \"…\"}, and writes one for each to its standard output, in any order: {\"id\": 7} says that it is handled, with \"value\" that this goes on in place of the record's, with \"records\": [{\"value\": …}, …] that these do, and with \"error\": \"text\" that it failed. What it writes to standard error goes to the log" example:"exec: {command: [sh, examples/handlers/tell.sh]}"`
	Command []string               `yaml:"command" doc:"the program and its arguments, a list; no shell is between"`
	Env     pipeline.Pairs[string] `yaml:"env" doc:"variables of the environment, beside those of pipeline itself"`
	Dir     string                 `yaml:"dir" doc:"the folder in which it runs; the default is the current one"`
	Batch   int                    `yaml:"batch" doc:"the most records that it is given before the answers are waited for; one that takes its time is given fewer, as many as it answers in 100 ms or more if it answers them at the same time"`
	Timeout time.Duration          `yaml:"timeout" doc:"how long an answer may take, after the one before, and 5s more for the first one after a start; the program is then killed and started again, and the record has failed. 0: as long as it likes"`
	Stop    time.Duration          `yaml:"stop" doc:"at the end, how long the program may take once its input has ended, and again once it was sent SIGTERM; then it is killed with all that it has started"`
}

var _ pipeline.Validator = (*Options)(nil)

func defaults() Options { return Options{Batch: pipeline.DefaultBatchRecords, Stop: 2 * time.Second} }

func init() { pipeline.RegisterHandler("exec", defaults(), open) }

// Validate implements pipeline.Validator.
func (o *Options) Validate() error {
	var errs []error
	bad := func(option, format string, args ...any) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	if len(o.Command) == 0 || o.Command[0] == "" {
		bad("command", "is missing: name the program and its arguments, such as [python3, handler.py]")
	} else if err := o.find(); err != nil {
		bad("command", "%w", err)
	}
	if o.Batch < 1 {
		bad("batch", "wants 1 or more, not %d", o.Batch)
	}
	if o.Timeout < 0 {
		bad("timeout", "wants 0 or more, not %v", o.Timeout)
	}
	if o.Stop < 0 {
		bad("stop", "wants 0 or more, not %v", o.Stop)
	}
	return errors.Join(errs...)
}

// find looks for the program, so that its absence shows before anything runs.
func (o *Options) find() error {
	name := o.Command[0]
	if o.Dir != "" && strings.ContainsRune(name, os.PathSeparator) && !filepath.IsAbs(name) {
		name = filepath.Join(o.Dir, name)
	}
	_, err := exec.LookPath(name)
	switch {
	case err == nil || errors.Is(err, exec.ErrDot):
		return nil
	case len(o.Command) == 1 && strings.Contains(name, " "):
		return fmt.Errorf("there is no program %q; write the program and its arguments as a list: [%s]", name, strings.Join(strings.Fields(name), ", "))
	}
	return fmt.Errorf("there is no program %q that can be run: %w", name, errors.Unwrap(err))
}
