package fields

import (
	"errors"

	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
)

// Names is an option that is a list of one or more different field names; a
// single name may stand for a list of one.
type Names []string

// DecodeOption implements pipeline.OptionDecoder.
func (ns *Names) DecodeOption(n pipeline.Node) error {
	var names []string
	if err := n.Decode(&names); err != nil {
		return err
	}
	if len(names) == 0 {
		return n.Errorf("wants the names of one or more fields")
	}
	place := func(i int) pipeline.Node {
		if n.YAML.Kind != yaml.SequenceNode {
			return n
		}
		return n.At(n.YAML.Content[i])
	}
	var errs []error
	seen := map[string]bool{}
	for i, name := range names {
		if seen[name] {
			errs = append(errs, place(i).Errorf("field %q is named twice", name))
		}
		seen[name] = true
	}
	*ns = names
	return errors.Join(errs...)
}

// OptionType implements pipeline.Typer.
func (Names) OptionType() string { return "list of fields" }
