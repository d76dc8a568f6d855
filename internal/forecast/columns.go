package forecast

import (
	"slices"

	"github.com/pipeline-daemon/pipeline"
)

// Column is a field of the rows.
type Column struct {
	Name  string
	Kinds []pipeline.Kind // of its values, without null, in order of appearance
	Empty int64           // rows in which it is null
}

// columns are the fields of all rows, in order of appearance.
type columns []Column

func (cs *columns) add(v pipeline.Value) {
	if v.Kind() != pipeline.KindStruct {
		return
	}
	for i, f := range v.Fields() {
		if i >= len(*cs) || (*cs)[i].Name != f.Name {
			i = cs.find(f.Name)
		}
		if i == len(*cs) {
			*cs = append(*cs, Column{Name: f.Name})
		}
		c := &(*cs)[i]
		kind := f.Value.Kind()
		if kind == pipeline.KindNull {
			c.Empty++
		} else if len(c.Kinds) == 0 || c.Kinds[0] != kind && !slices.Contains(c.Kinds, kind) {
			c.Kinds = append(c.Kinds, kind)
		}
	}
}

// find returns the place of a field that is not where it is as a rule.
func (cs *columns) find(name string) int {
	if i := slices.IndexFunc(*cs, func(c Column) bool { return c.Name == name }); i >= 0 {
		return i
	}
	return len(*cs)
}
