package reference

import (
	"bytes"
	"encoding/json"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// object is a JSON object.
type object = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of a pipeline, with the
// plugins that there are. It says all that types say: unknown keys and plugins
// and wrong types are mistakes, while what options mean together, and which
// are needed, is left to  pipeline validate.
func Schema() []byte {
	root := mapping(config.Options())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "A pipeline"
	root["type"] = "object"
	root["required"] = []string{"source"}
	root["oneOf"] = []object{{"required": []string{"sink"}}, {"required": []string{"handler"}}}
	root["$defs"] = definitions()
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(root); err != nil {
		panic(err) // maps, lists and strings
	}
	return text.Bytes()
}

// definitions has every plugin, and for every kind the choice of them.
func definitions() object {
	defs, names, choices := object{}, map[string][]string{}, map[string]object{}
	for _, p := range pipeline.Plugins() {
		id := p.Kind + "." + p.Name
		def := mapping(p.Options)
		if len(p.Options) == 1 && p.Options[0].Name == "" {
			def = option(p.Options[0])
		}
		def["title"], def["description"] = p.Name+" ("+p.Kind+")", p.Doc
		defs[id] = def
		if choices[p.Kind] == nil {
			choices[p.Kind] = object{}
		}
		choices[p.Kind][p.Name] = object{"$ref": "#/$defs/" + id}
		names[p.Kind] = append(names[p.Kind], p.Name)
	}
	if choices["transform"] != nil {
		choices["transform"]["handler"] = object{"$ref": "#/$defs/handler"}
	}
	defs["handler"] = object{} // a binary may have none
	for kind := range names {
		defs[kind] = anyOf(
			object{"enum": names[kind]},
			object{"type": "object", "properties": choices[kind], "additionalProperties": false, "minProperties": 1, "maxProperties": 1},
			object{"type": "null"})
	}
	return defs
}

// mapping is the schema of a mapping with these options; one without a value
// is empty.
func mapping(options []pipeline.Option) object {
	properties := object{}
	for _, o := range options {
		properties[o.Name] = option(o)
	}
	return object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

// option is the schema of an option's value.
func option(o pipeline.Option) object {
	s := object{}
	if known, ok := typed(o.Type, o.Options); ok {
		s = known
	}
	s["description"] = o.Doc
	var value any
	if o.Default != "" && yaml.Unmarshal([]byte(o.Default), &value) == nil {
		switch value.(type) {
		case string, bool, int, float64:
			s["default"] = value
		}
	}
	return s
}

// typed returns the schema of a type as a pipeline.Option names it, and
// whether it is one that a schema can tell.
func typed(name string, options []pipeline.Option) (object, bool) {
	switch name {
	case "string":
		return object{"type": []string{"string", "number", "boolean"}}, true // a number is its text
	case "integer", "number":
		return orVariable(object{"type": name}), true
	case "bool":
		return orVariable(object{"type": "boolean"}), true
	case "duration":
		return orVariable(object{"type": "string", "pattern": `^[-+]?([0-9.]+(ns|us|µs|ms|s|m|h))+$`}, object{"const": 0}), true
	case "size":
		return orVariable(object{"type": "string", "pattern": `^[0-9.]+ *([KMG]i?B|B)?$`}, object{"type": "number", "minimum": 0}), true
	case "mapping":
		return mapping(options), true
	case "any value":
		return object{}, true
	case "false":
		return object{"const": false}, true
	}
	if kind, ok := strings.CutPrefix(name, "name of a "); ok {
		kind, _, _ = strings.Cut(kind, ",")
		return object{"$ref": "#/$defs/" + kind}, true
	}
	if element, ok := strings.CutPrefix(name, "list of "); ok {
		return list(element, options), true
	}
	if element, ok := strings.CutPrefix(name, "{name: "); ok {
		s, _ := typed(strings.TrimSuffix(element, ", …}"), nil)
		return object{"type": "object", "additionalProperties": orAnything(s)}, true
	}
	if words := strings.Split(name, "|"); len(words) > 1 {
		return orVariable(object{"enum": words}), true
	}
	return alternatives(name, options)
}

// alternatives is a type that is one of several: "mapping or false".
func alternatives(name string, options []pipeline.Option) (object, bool) {
	parts := strings.Split(name, " or ")
	if len(parts) == 1 {
		return nil, false
	}
	var all []object
	for _, part := range parts {
		s, ok := typed(part, options)
		if !ok {
			return nil, false
		}
		all = append(all, s)
	}
	return anyOf(all...), true
}

// list is the schema of a list, for which its only element may stand.
func list(element string, options []pipeline.Option) object {
	s, _ := typed(element, options)
	s = orAnything(s)
	return anyOf(object{"type": "array", "items": s}, object{"type": "null"}, object{"not": object{"type": "array"}, "allOf": []object{s}})
}

func orAnything(s object) object {
	if s == nil {
		return object{}
	}
	return s
}

// orVariable allows for a variable of the environment, whose type is not known
// before it is expanded.
func orVariable(schemas ...object) object {
	return anyOf(append(schemas, object{"type": "string", "pattern": `\$\{`})...)
}

func anyOf(schemas ...object) object { return object{"anyOf": schemas} }
