package pipeline

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Node is a piece of a configuration and the file in which it stands.
type Node struct {
	File string
	YAML *yaml.Node
}

// OptionDecoder is an option type with a form of its own, such as one that is
// a string or a mapping. n is never an alias.
type OptionDecoder interface{ DecodeOption(n Node) error }

// Validator is implemented by options that can be wrong in ways that their
// types don't show. Validate returns FieldErrors, joined with errors.Join. It
// is called also if some options have the wrong type and so may hold anything
// of theirs; what it says of those, by their names, is left out.
type Validator interface{ Validate() error }

// Errorf returns a mistake at n's place.
func (n Node) Errorf(format string, args ...any) error { return n.wrap(fmt.Errorf(format, args...)) }

func (n Node) wrap(err error) error {
	var c *ConfigError
	if errors.As(err, &c) {
		return err
	}
	return &ConfigError{n.File, n.YAML.Line, n.YAML.Column, err}
}

// At returns another node of the same file, resolved if it is an alias.
func (n Node) At(y *yaml.Node) Node {
	for y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	return Node{n.File, y}
}

// Entry is a key of a mapping and its value.
type Entry struct{ Key, Value Node }

// Entries returns the entries of a mapping in order, merge keys (<<)
// resolved. A key that is given twice, or a node that is no mapping, is an
// error.
func (n Node) Entries() ([]Entry, error) {
	if n.YAML.Kind != yaml.MappingNode {
		return nil, n.Errorf("wants a mapping (name: value), not %s", n.what())
	}
	var own, merged []Entry
	var errs []error
	seen := map[string]bool{}
	for i := 0; i < len(n.YAML.Content); i += 2 {
		e := Entry{n.At(n.YAML.Content[i]), n.At(n.YAML.Content[i+1])}
		switch {
		case e.Key.YAML.Tag == "!!merge":
			for _, from := range e.Value.items() {
				m, err := from.Entries()
				merged, errs = append(merged, m...), append(errs, err)
			}
		case e.Key.YAML.Kind != yaml.ScalarNode:
			errs = append(errs, e.Key.Errorf("wants a name, not %s", e.Key.what()))
		case seen[e.Key.YAML.Value]:
			errs = append(errs, e.Key.Errorf("%q is given twice", e.Key.YAML.Value))
		default:
			seen[e.Key.YAML.Value] = true
			own = append(own, e)
		}
	}
	for _, e := range merged {
		if !seen[e.Key.YAML.Value] {
			seen[e.Key.YAML.Value] = true
			own = append(own, e)
		}
	}
	return own, errors.Join(errs...)
}

// items returns the elements of a sequence; any other node is its only one.
func (n Node) items() []Node {
	if n.YAML.Kind != yaml.SequenceNode {
		return []Node{n}
	}
	var ns []Node
	for _, c := range n.YAML.Content {
		ns = append(ns, n.At(c))
	}
	return ns
}

// what names the node in a message.
func (n Node) what() string {
	switch {
	case n.YAML.Kind == yaml.MappingNode:
		return "a mapping"
	case n.YAML.Kind == yaml.SequenceNode:
		return "a list"
	case n.YAML.Tag == "!!null":
		return "nothing"
	}
	const most = 60
	if first, _, _ := strings.Cut(n.YAML.Value, "\n"); len(first) > most || len(first) < len(n.YAML.Value) {
		return strconv.Quote(strings.ToValidUTF8(first[:min(len(first), most)], "")) + "…"
	}
	if n.YAML.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		return "the text " + strconv.Quote(n.YAML.Value)
	}
	return strconv.Quote(n.YAML.Value)
}

// Decode decodes n into the options that v points to, whose values before are
// the defaults. It is strict: every unknown option, wrong type and bad value
// is a mistake with its own place, and all of them are reported at once.
//
// Struct fields are named by their yaml tags. A field tagged ",inline" is
// either an embedded struct of further options, or the only field, which then
// takes the whole node. A list takes a single value too. A mapping without
// a value is an empty one; a plugin without one is absent.
func (n Node) Decode(v any) error { return n.At(n.YAML).decode(reflect.ValueOf(v).Elem()) }

var durationType = reflect.TypeFor[time.Duration]()

func (n Node) decode(v reflect.Value) error {
	if d, ok := v.Addr().Interface().(OptionDecoder); ok {
		return n.placed(d.DecodeOption(n))
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		s, err := n.text()
		if err == nil {
			err = n.placed(u.UnmarshalText([]byte(s)))
		}
		return err
	}
	switch v.Kind() {
	case reflect.Pointer:
		if _, ok := v.Interface().(OptionDecoder); ok && n.YAML.Tag == "!!null" {
			v.SetZero()
			return nil
		}
		p := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			p.Elem().Set(v.Elem()) // a copy: the defaults are everyone's
		}
		v.Set(p)
		return n.decode(v.Elem())
	case reflect.Struct:
		return n.decodeStruct(v)
	case reflect.Slice:
		return n.decodeSlice(v)
	}
	return n.decodeScalar(v)
}

func (n Node) placed(err error) error {
	if err == nil {
		return nil
	}
	return n.wrap(err)
}

func (n Node) decodeSlice(v reflect.Value) error {
	items := n.items()
	if n.YAML.Tag == "!!null" {
		items = nil
	}
	s := reflect.MakeSlice(v.Type(), len(items), len(items))
	var errs []error
	for i, item := range items {
		if item.YAML.Tag == "!!null" && s.Index(i).Kind() == reflect.Pointer { // an element can't be absent
			errs = append(errs, item.Errorf("wants a value, not nothing"))
			continue
		}
		errs = append(errs, item.decode(s.Index(i)))
	}
	v.Set(s)
	return errors.Join(errs...)
}

func (n Node) decodeScalar(v reflect.Value) error {
	s, err := n.text()
	if err != nil {
		return err
	}
	wrong := func(want string) error { return n.Errorf("wants %s, not %s", want, n.what()) }
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(s)
		if err != nil {
			return wrong("a duration, such as 500ms, 5s or 2h")
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.String:
		v.SetString(s)
	case v.Kind() == reflect.Bool:
		if n.YAML.Tag != "!!bool" || n.YAML.Decode(v.Addr().Interface()) != nil {
			return wrong("true or false")
		}
	case v.CanInt():
		if n.YAML.Tag != "!!int" || n.YAML.Decode(v.Addr().Interface()) != nil {
			return wrong("a whole number")
		}
	case v.CanFloat():
		if n.YAML.Tag != "!!int" && n.YAML.Tag != "!!float" || n.YAML.Decode(v.Addr().Interface()) != nil {
			return wrong("a number")
		}
	default:
		panic("pipeline: options can't have a field of type " + v.Type().String())
	}
	return nil
}

// text returns a scalar as it is written.
func (n Node) text() (string, error) {
	if n.YAML.Kind != yaml.ScalarNode || n.YAML.Tag == "!!null" {
		return "", n.Errorf("wants a value, not %s", n.what())
	}
	return n.YAML.Value, nil
}

func (n Node) decodeStruct(v reflect.Value) error {
	if whole, ok := wholeField(v.Type()); ok {
		if err := n.decode(v.FieldByIndex(whole.Index)); err != nil {
			return err
		}
		return n.validate(v, nil)
	}
	if n.YAML.Kind == yaml.ScalarNode && n.YAML.Tag == "!!null" {
		n.YAML = &yaml.Node{Kind: yaml.MappingNode, Line: n.YAML.Line, Column: n.YAML.Column}
	}
	entries, err := n.Entries()
	if n.YAML.Kind != yaml.MappingNode {
		return err
	}
	errs := []error{err}
	fields := structFields(v.Type())
	var wrong []string // the names of options that have mistakes
	for _, e := range entries {
		name := e.Key.YAML.Value
		i := slices.IndexFunc(fields, func(f structField) bool { return f.name == name })
		if i < 0 {
			meant, advice := glued(e, fieldNames(fields)), "; a space is missing after its colon"
			if meant == "" {
				meant, advice = nearest(name, fieldNames(fields)), suggest(name, fieldNames(fields))
			}
			errs = append(errs, e.Key.Errorf("unknown option %q%s", name, advice))
			if meant != "" {
				wrong = append(wrong, meant)
			}
			continue
		}
		if err := e.Value.decode(v.FieldByIndex(fields[i].index)); err != nil {
			errs, wrong = append(errs, err), append(wrong, name)
		}
	}
	return errors.Join(append(errs, n.validate(v, wrong))...)
}

// validate calls the Validate methods of v and of the structs embedded in it,
// and gives each mistake its place. It leaves out those that name an option
// that is wrong anyway.
func (n Node) validate(v reflect.Value, wrong []string) error {
	var errs []error
	seen := map[string]bool{}
	check := func(v reflect.Value) {
		c, ok := v.Addr().Interface().(Validator)
		if !ok {
			return
		}
		for _, err := range Flatten(c.Validate()) {
			text := err.Error()
			named := func(option string) bool { return strings.Contains(text, option) }
			if !seen[text] && !slices.ContainsFunc(wrong, named) {
				seen[text] = true // an embedded Validate may be promoted, and so be called twice
				errs = append(errs, n.Locate(err))
			}
		}
	}
	check(v)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Anonymous && f.IsExported() && f.Type.Kind() == reflect.Struct {
			check(v.Field(i))
		}
	}
	return errors.Join(errs...)
}

// Locate gives an option's mistake the place of that option's key, or of the
// nearest one above it.
func (n Node) Locate(err error) error {
	var fe *FieldError
	if !errors.As(err, &fe) {
		return n.wrap(err)
	}
	at, in := n, n
	for part := range strings.SplitSeq(fe.Option, ".") {
		entries, _ := in.Entries()
		i := slices.IndexFunc(entries, func(e Entry) bool { return e.Key.YAML.Value == part })
		if i < 0 {
			break
		}
		at, in = entries[i].Key, entries[i].Value
		if in.YAML.Line == 0 { // an override: the key stands in the file, the mistake doesn't
			at = in
		}
	}
	return at.wrap(err)
}

type structField struct {
	reflect.StructField
	name  string
	index []int
}

// structFields returns the options that a struct has, those of embedded
// structs among them.
func structFields(t reflect.Type) []structField {
	var fs []structField
	for i := range t.NumField() {
		f := t.Field(i)
		name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case rest == "inline" && f.Type.Kind() == reflect.Struct:
			for _, g := range structFields(f.Type) {
				g.index = append([]int{i}, g.index...)
				fs = append(fs, g)
			}
		case f.IsExported() && name != "" && name != "-":
			fs = append(fs, structField{f, name, f.Index})
		}
	}
	return fs
}

// wholeField returns the field that takes the whole node.
func wholeField(t reflect.Type) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if f.Tag.Get("yaml") == ",inline" && !f.Anonymous {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func fieldNames(fs []structField) []string {
	var names []string
	for _, f := range fs {
		names = append(names, f.name)
	}
	return names
}
