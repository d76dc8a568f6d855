package fields

import (
	"fmt"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// Text is an option that says where a text comes from: a column, or the same
// for all records, or the record's origin.
type Text struct {
	from textFrom
	text string // the column's name, or the constant
}

type textFrom uint8

const (
	fromNowhere textFrom = iota // the option is absent
	fromColumn
	fromConstant
	fromPath
)

var (
	_ pipeline.OptionDecoder = (*Text)(nil)
	_ pipeline.Typer         = Text{}
)

// OptionType implements pipeline.Typer.
func (Text) OptionType() string { return "COLUMN, {constant: TEXT} or {origin: path}" }

// DecodeOption implements pipeline.OptionDecoder.
func (t *Text) DecodeOption(n pipeline.Node) error {
	if n.YAML.Kind != yaml.MappingNode {
		t.from = fromColumn
		return n.Decode(&t.text)
	}
	var forms struct {
		Constant *string `yaml:"constant"`
		Origin   *string `yaml:"origin"`
	}
	if err := n.Decode(&forms); err != nil {
		return err
	}
	switch {
	case (forms.Constant == nil) == (forms.Origin == nil):
		return n.Errorf("wants a column's name, {constant: TEXT} or {origin: path}")
	case forms.Constant != nil:
		*t = Text{fromConstant, *forms.Constant}
	case *forms.Origin != "path":
		return n.Errorf("wants {origin: path}, the source file's name, not {origin: %s}", *forms.Origin)
	default:
		*t = Text{from: fromPath}
	}
	return nil
}

// Given reports whether the option is there at all.
func (t Text) Given() bool { return t.from != fromNowhere }

// Column returns the name of the column, if the text comes from one.
func (t Text) Column() (string, bool) { return t.text, t.from == fromColumn }

// Append appends r's text to dst. A null column has none: the result is nil.
func (t Text) Append(dst []byte, r *pipeline.Record) (longer, text []byte, err error) {
	at := len(dst)
	switch t.from {
	case fromConstant:
		dst = append(dst, t.text...)
	case fromPath:
		dst = append(dst, r.Origin.Source...)
	default:
		v, ok := r.Lookup(t.text)
		switch {
		case !ok:
			return dst, nil, MissingColumn(t.text, r)
		case v.IsNull():
			return dst, nil, nil
		case v.Kind() == pipeline.KindList || v.Kind() == pipeline.KindStruct:
			return dst, nil, fmt.Errorf("column %q is a %v, which has no text", t.text, v.Kind())
		}
		dst = v.AppendText(dst)
	}
	return dst, dst[at:len(dst):len(dst)], nil
}

// MissingColumn is the error of a record that lacks a column.
func MissingColumn(name string, r *pipeline.Record) error {
	if r.Value.Kind() != pipeline.KindStruct {
		return fmt.Errorf("there is no column %q: the value is a %v without columns", name, r.Value.Kind())
	}
	var names []string
	for _, f := range r.Value.Fields() {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no column %q: the record has none", name)
	}
	return fmt.Errorf("there is no column %q; the record has %s", name, strings.Join(names, ", "))
}
