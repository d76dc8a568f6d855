package jsonvalue

import (
	"fmt"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

// maxDepth bounds how deep lists and structs may stand in one another.
const maxDepth = 512

// Decoder reads JSON, one value after another, and keeps its working memory.
// The zero Decoder is ready.
type Decoder struct {
	data []byte

	// The fields and elements read so far, by depth, of the structs and lists
	// that are not yet complete.
	fields   [][]pipeline.Field
	elements [][]pipeline.Value

	places    map[string]int // of the names in a wide struct
	unescaped []byte         // the text that is being read
	slabs     values.Slabs
}

// Decode reads data, which holds one JSON value and nothing else, into v. If v
// holds a struct and data does too, its memory is used again. Strings and
// names share data's memory where nothing is escaped, so nobody may change it.
// On an error v stays as it was.
//
// A number with a point or an exponent is a float, any other an integer; one
// that fits neither is an error. Of a name that is given twice the last value
// counts, as everywhere. Half a surrogate pair becomes U+FFFD. Values may be
// nested 512 deep.
func (d *Decoder) Decode(data []byte, v *pipeline.Value) error {
	d.data = data
	err := d.decode(v)
	d.data = nil
	return err
}

func (d *Decoder) decode(v *pipeline.Value) error {
	i := d.space(0)
	var got pipeline.Value
	var err error
	if i < len(d.data) && d.data[i] == '{' {
		var room []pipeline.Field
		if v.Kind() == pipeline.KindStruct {
			room = v.Fields()[:0]
		}
		got, i, err = d.object(i, 0, room)
	} else {
		got, i, err = d.value(i, 0)
	}
	if err != nil {
		return err
	}
	if i = d.space(i); i < len(d.data) {
		return d.wrong(i, "the end")
	}
	*v = got
	return nil
}

// space returns the place of the first byte from i on that is not white
// space.
func (d *Decoder) space(i int) int {
	for i < len(d.data) && (d.data[i] == ' ' || d.data[i] == '\n' || d.data[i] == '\t' || d.data[i] == '\r') {
		i++
	}
	return i
}

// value reads the value that starts at i, and returns the place after it.
func (d *Decoder) value(i, depth int) (pipeline.Value, int, error) {
	if i >= len(d.data) {
		return pipeline.Value{}, i, d.wrong(i, "a value")
	}
	switch c := d.data[i]; c {
	case '"':
		s, i, err := d.text(i + 1)
		return pipeline.String(s), i, err
	case '{':
		return d.object(i, depth, nil)
	case '[':
		return d.list(i, depth)
	case 't':
		return d.literal(i, "true", pipeline.Bool(true))
	case 'f':
		return d.literal(i, "false", pipeline.Bool(false))
	case 'n':
		return d.literal(i, "null", pipeline.Null())
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return d.number(i)
	}
	return pipeline.Value{}, i, d.wrong(i, "a value")
}

func (d *Decoder) literal(i int, word string, v pipeline.Value) (pipeline.Value, int, error) {
	for j := range len(word) {
		if i+j >= len(d.data) || d.data[i+j] != word[j] {
			return v, i, d.wrong(i+j, word)
		}
	}
	return v, i + len(word), nil
}

// object reads the struct that starts at i. Its fields are put into room if
// they fit.
func (d *Decoder) object(i, depth int, room []pipeline.Field) (pipeline.Value, int, error) {
	if depth == maxDepth {
		return pipeline.Value{}, i, d.tooDeep(i)
	}
	for depth >= len(d.fields) {
		d.fields = append(d.fields, nil)
	}
	fs := d.fields[depth][:0]
	i = d.space(i + 1)
	for first := true; ; first = false {
		if i < len(d.data) && d.data[i] == '}' && first {
			break
		}
		if i >= len(d.data) || d.data[i] != '"' {
			return pipeline.Value{}, i, d.wrong(i, "a field's name in quotes")
		}
		name, after, err := d.text(i + 1)
		if err != nil {
			return pipeline.Value{}, i, err
		}
		if i = d.space(after); i >= len(d.data) || d.data[i] != ':' {
			return pipeline.Value{}, i, values.InField(d.wrong(i, "a colon"), name)
		}
		f := pipeline.Field{Name: name}
		if f.Value, i, err = d.value(d.space(i+1), depth+1); err != nil {
			return pipeline.Value{}, i, values.InField(err, name)
		}
		fs = addField(fs, f)
		if i = d.space(i); i < len(d.data) && d.data[i] == ',' {
			i = d.space(i + 1)
			continue
		}
		if i >= len(d.data) || d.data[i] != '}' {
			return pipeline.Value{}, i, d.wrong(i, "a comma or }")
		}
		break
	}
	d.fields[depth] = fs
	if len(fs) > narrow {
		fs = d.mergeFields(fs)
	}
	return pipeline.Struct(d.kept(fs, room)), i + 1, nil
}

// kept returns a copy of fs, in room if it fits.
func (d *Decoder) kept(fs, room []pipeline.Field) []pipeline.Field {
	if len(fs) > cap(room) {
		room = d.slabs.Fields(len(fs))[:0]
	}
	return append(room, fs...)
}

// list reads the list that starts at i.
func (d *Decoder) list(i, depth int) (pipeline.Value, int, error) {
	if depth == maxDepth {
		return pipeline.Value{}, i, d.tooDeep(i)
	}
	for depth >= len(d.elements) {
		d.elements = append(d.elements, nil)
	}
	vs := d.elements[depth][:0]
	i = d.space(i + 1)
	if i < len(d.data) && d.data[i] == ']' {
		return pipeline.List(nil), i + 1, nil
	}
	for {
		v, after, err := d.value(i, depth+1)
		if err != nil {
			return pipeline.Value{}, i, values.InElement(err, len(vs))
		}
		vs = append(vs, v)
		if i = d.space(after); i < len(d.data) && d.data[i] == ',' {
			i = d.space(i + 1)
			continue
		}
		if i >= len(d.data) || d.data[i] != ']' {
			return pipeline.Value{}, i, d.wrong(i, "a comma or ]")
		}
		break
	}
	d.elements[depth] = vs
	return pipeline.List(append(d.slabs.Values(len(vs))[:0], vs...)), i + 1, nil
}

// wrong says that something else than what stands at i is wanted there.
func (d *Decoder) wrong(i int, want string) error {
	got := "the end"
	if i < len(d.data) {
		r, size := utf8.DecodeRune(d.data[i:])
		if got = fmt.Sprintf("%q", r); r == utf8.RuneError && size == 1 {
			got = fmt.Sprintf("byte 0x%02x", d.data[i])
		}
	}
	return &values.Error{Format: "JSON", At: i + 1, What: "wants " + want + ", not " + got}
}

func (d *Decoder) tooDeep(i int) error {
	return &values.Error{Format: "JSON", At: i + 1, What: fmt.Sprintf("nested more than %d deep", maxDepth)}
}
