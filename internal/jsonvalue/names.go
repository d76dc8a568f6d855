package jsonvalue

import "github.com/pipeline-daemon/pipeline"

// narrow is how many fields are compared one by one to find a name that is
// given twice. In wider structs a map is quicker.
const narrow = 16

// addField adds f or, where fs is narrow, puts its value in the place of the
// field of the same name.
func addField(fs []pipeline.Field, f pipeline.Field) []pipeline.Field {
	if len(fs) < narrow {
		for i := range fs {
			if fs[i].Name == f.Name {
				fs[i].Value = f.Value
				return fs
			}
		}
	}
	return append(fs, f)
}

// mergeFields puts the values of fields of one name in the place of the first.
func (d *Decoder) mergeFields(fs []pipeline.Field) []pipeline.Field {
	if d.places == nil {
		d.places = map[string]int{}
	}
	defer clear(d.places)
	kept := fs[:0]
	for _, f := range fs {
		if i, twice := d.places[f.Name]; twice {
			kept[i].Value = f.Value
			continue
		}
		d.places[f.Name] = len(kept)
		kept = append(kept, f)
	}
	return kept
}
