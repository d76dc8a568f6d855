package config

import (
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
)

// Workers is how many work on the records at the same time.
type Workers struct {
	Count int    `yaml:"count" doc:"how many workers there are"`
	By    string `yaml:"by" doc:"what stays in order, since it is always the same worker's: partition or key. Records without a key stay in the order of their partition"`
}

// What several workers share the records out by.
const (
	ByPartition = "partition"
	ByKey       = "key"
)

var defaultWorkers = Workers{Count: 1, By: ByPartition}

// maxWorkers bounds what a slip of the finger costs.
const maxWorkers = 1024

// Validate implements pipeline.Validator.
func (w *Workers) Validate() error {
	var errs []error
	if w.Count < 1 || w.Count > maxWorkers {
		errs = append(errs, &pipeline.FieldError{Option: "count", Err: fmt.Errorf("wants 1 to %d, not %d", maxWorkers, w.Count)})
	}
	if w.By != ByPartition && w.By != ByKey {
		errs = append(errs, &pipeline.FieldError{Option: "by", Err: fmt.Errorf("wants partition or key, not %q", w.By)})
	}
	return errors.Join(errs...)
}
