package pipeline

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
)

var (
	optionDecoderType   = reflect.TypeFor[OptionDecoder]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// CheckOptions returns an error if a struct of options can't be decoded, with
// the path of the option that can't. Plugins are checked when they are
// registered; this is for other registries of options.
func CheckOptions(defaults any) error { return checkOptionType(reflect.TypeOf(defaults), nil) }

// checkOptionType returns an error if options of type t can't be decoded, with
// the path of the one that can't. above holds the structs that t is in.
func checkOptionType(t reflect.Type, above []reflect.Type) error {
	if pairs, ok := reflect.Zero(t).Interface().(interface{ valueType() reflect.Type }); ok {
		return checkOptionType(pairs.valueType(), above)
	}
	pointer := reflect.PointerTo(t)
	if pointer.Implements(optionDecoderType) || pointer.Implements(textUnmarshalerType) || slices.Contains(above, t) {
		return nil
	}
	switch k := t.Kind(); {
	case k == reflect.Pointer, k == reflect.Slice:
		return checkOptionType(t.Elem(), above)
	case k == reflect.Struct:
		return checkOptionFields(t, append(slices.Clone(above), t))
	case k == reflect.String, k == reflect.Bool, k >= reflect.Int && k <= reflect.Int64, k == reflect.Float32, k == reflect.Float64:
		return nil
	case k == reflect.Map:
		return fmt.Errorf("options can't have the type %v; use pipeline.Pairs, which keeps the order", t)
	}
	return fmt.Errorf("options can't have the type %v; use a struct, a slice, a string, a bool, an int, a float or a type with DecodeOption or UnmarshalText", t)
}

func checkOptionFields(t reflect.Type, above []reflect.Type) error {
	if whole, ok := wholeField(t); ok {
		return checkOptionType(whole.Type, above)
	}
	for _, f := range structFields(t) {
		if err := checkOptionType(f.Type, above); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}
