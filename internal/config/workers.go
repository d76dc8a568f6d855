package config

import (
	"errors"
	"fmt"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
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

// DecodeOption implements pipeline.OptionDecoder, for the advice.
func (w *Workers) DecodeOption(n pipeline.Node) error {
	if n.YAML.Kind == yaml.ScalarNode && n.YAML.Tag == "!!int" {
		return n.Errorf("wants a mapping, such as {count: %[1]s}, not %[1]s", n.YAML.Value)
	}
	type plain Workers
	v := plain(*w)
	if err := n.Decode(&v); err != nil {
		return err
	}
	*w = Workers(v)
	var errs []error
	for _, err := range pipeline.Flatten(w.check()) {
		errs = append(errs, n.Locate(err))
	}
	return errors.Join(errs...)
}

func (w *Workers) check() error {
	var errs []error
	if w.Count < 1 || w.Count > maxWorkers {
		errs = append(errs, &pipeline.FieldError{Option: "count", Err: fmt.Errorf("wants 1 to %d, not %d", maxWorkers, w.Count)})
	}
	if w.By != ByPartition && w.By != ByKey {
		errs = append(errs, &pipeline.FieldError{Option: "by", Err: fmt.Errorf("wants partition or key, not %q", w.By)})
	}
	return errors.Join(errs...)
}
