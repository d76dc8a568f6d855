package pipeline

import (
	"fmt"
	"reflect"
	"strings"
)

// Option describes one option of a plugin.
type Option struct {
	Name    string   `json:"name"` // empty where the option is the plugin's whole value
	Type    string   `json:"type"`
	Default string   `json:"default,omitempty"`
	Doc     string   `json:"doc"`
	Options []Option `json:"options,omitempty"` // of a mapping, or of each in a list
}

// Typer is an option type that describes itself, such as "string or {constant: TEXT}".
type Typer interface{ OptionType() string }

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
	if o.Options = describe(v); o.Options != nil {
		o.Default = ""
	}
	return o
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
