// Package fields finds the fields that a transform's options name.
//
// One rule holds for every transform: a field that is named must be there. A
// record without it fails, so that a misspelt name is seen at the first record
// and not in the results.
package fields

import (
	"fmt"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// Of returns the fields of a record's value, or a Permanent error if the value
// is not a struct.
func Of(r *pipeline.Record) ([]pipeline.Field, error) {
	if k := r.Value.Kind(); k != pipeline.KindStruct {
		return nil, pipeline.Permanent(fmt.Errorf("the record's value is not a struct with named fields but of type %s", k))
	}
	return r.Value.Fields(), nil
}

// Ref is a field by its name. It remembers where it found the field last,
// since the records of one source are laid out alike; so it must not be used
// by two goroutines at once.
type Ref struct {
	Name string

	last int
}

// Refs returns a Ref for every name.
func Refs(names []string) []Ref {
	refs := make([]Ref, len(names))
	for i, name := range names {
		refs[i].Name = name
	}
	return refs
}

// Index returns the index in fs of the field of that name, -1 if there is
// none.
func (f *Ref) Index(fs []pipeline.Field) int {
	if f.last < len(fs) && fs[f.last].Name == f.Name {
		return f.last
	}
	for i := range fs {
		if fs[i].Name == f.Name {
			f.last = i
			return i
		}
	}
	return -1
}

// Find is Index with a Permanent error, which lists the fields there are, if
// there is no such field.
func (f *Ref) Find(fs []pipeline.Field) (int, error) {
	i := f.Index(fs)
	if i < 0 {
		return -1, missing(f.Name, fs)
	}
	return i, nil
}

// mostNames is how many fields a message lists.
const mostNames = 20

func missing(name string, fs []pipeline.Field) error {
	if len(fs) == 0 {
		return pipeline.Permanent(fmt.Errorf("the record has no field %q; it has none at all", name))
	}
	var names []string
	for _, f := range fs[:min(len(fs), mostNames)] {
		names = append(names, f.Name)
	}
	if len(fs) > mostNames {
		names = append(names, "…")
	}
	return pipeline.Permanent(fmt.Errorf("the record has no field %q; it has %s", name, strings.Join(names, ", ")))
}
