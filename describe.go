package pipeline

import (
	"fmt"
	"reflect"
	"strings"
)

// Option describes one option of a plugin.
type Option struct {
	Name    string   `json:"name"`           // empty where the option is the plugin's whole value
	Type    string   `json:"type,omitempty"` // empty for one of a Chooser's names
	Default string   `json:"default,omitempty"`
	Doc     string   `json:"doc"`
	Options []Option `json:"options,omitempty"` // of a mapping, or of each in a list
}

// Typer is an option type that describes itself, such as "string or {constant: TEXT}".
type Typer interface{ OptionType() string }

// Chooser is an option type that is a choice of names, each of which has
// options of its own.
type Chooser interface {
	// OptionChoices returns a DescribeChoice of each name that there is now.
	OptionChoices() []Option
}

// OptionType implements Typer.
func (Pairs[T]) OptionType() string { return "{name: " + typeOf(reflect.TypeFor[T]()) + ", …}" }

// OptionType implements Typer.
func (Value) OptionType() string { return "any value" }

// OptionType implements Typer.
func (ByteSize) OptionType() string { return "size" }

// OptionType implements Typer.
func (*Bound[T]) OptionType() string {
	kind := reflect.TypeFor[T]().Name()
	return "name of a " + strings.ToLower(kind) + ", or {name: options}"
}

// DescribeOptions describes the options of a struct with its defaults.
func DescribeOptions(defaults any) []Option { return describe(reflect.ValueOf(defaults)) }

// DescribeChoice describes one of a Chooser's names, whose options are a struct
// with these defaults. Its doc is the tag doc of the struct's blank field.
func DescribeChoice(name string, defaults any) Option {
	return Option{Name: name, Doc: ownTag(reflect.TypeOf(defaults), "doc"), Options: DescribeOptions(defaults)}
}

// ownTag returns a tag of a struct's blank field, which tells of the plugin.
func ownTag(t reflect.Type, key string) string {
	if t.Kind() == reflect.Struct {
		if f, ok := t.FieldByName("_"); ok {
			return f.Tag.Get(key)
		}
	}
	return ""
}

func describe(v reflect.Value) []Option {
	if v.Kind() != reflect.Struct {
		return nil
	}
	if f, ok := wholeField(v.Type()); ok {
		return []Option{optionOf(f, "", v.FieldByIndex(f.Index))}
	}
	var os []Option
	for _, f := range structFields(v.Type()) {
		os = append(os, optionOf(f.StructField, f.name, v.FieldByIndex(f.index)))
	}
	return os
}

func optionOf(f reflect.StructField, name string, v reflect.Value) Option {
	o := Option{Name: name, Type: typeOf(f.Type), Doc: f.Tag.Get("doc")}
	if !v.IsZero() {
		o.Default = fmt.Sprint(v.Interface())
	}
	isList := v.Kind() == reflect.Slice && typeOf(f.Type.Elem()) == "mapping"
	if isList || v.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct {
		v = reflect.Zero(f.Type.Elem())
		o.Default = ""
	}
	if o.Options = describe(v); o.Options == nil {
		o.Options = choices(f.Type)
	}
	if o.Options != nil {
		o.Default = ""
	}
	return o
}

// choices describes the names that an option, or each in a list, may have.
func choices(t reflect.Type) []Option {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if c, ok := reflect.Zero(t).Interface().(Chooser); ok {
		return c.OptionChoices()
	}
	return nil
}

func typeOf(t reflect.Type) string {
	if typer, ok := reflect.Zero(t).Interface().(Typer); ok {
		return typer.OptionType()
	}
	switch {
	case t == durationType:
		return "duration"
	case t.Kind() == reflect.Pointer:
		return typeOf(t.Elem())
	case t.Kind() == reflect.Struct:
		return "mapping"
	case t.Kind() == reflect.Slice:
		return "list of " + typeOf(t.Elem())
	case t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "integer"
	}
	return t.Kind().String()
}
