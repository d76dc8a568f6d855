package avro

import (
	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// compile returns the type that a schema describes. drop says what records do
// with fields that they lack. A mistake begins with its place in the file.
func compile(file string, text []byte, drop bool) (node, error) {
	c := &compiler{doc: document{file, text}, drop: drop, named: map[string]node{}}
	schema, root, err := c.doc.schema()
	if err != nil {
		return nil, err
	}
	t, err := c.node(schema, root)
	if err != nil {
		return nil, err
	}
	return t, c.setMissing()
}

type compiler struct {
	doc     document
	drop    bool
	named   map[string]node // by full name
	records []*recordType
	spots   []*spot // of the records
}

func (c *compiler) mistake(at *spot, format string, args ...any) error {
	return c.doc.errorAt(at.start, format, args...)
}

// node compiles the schema that stands at a spot.
func (c *compiler) node(s hamba.Schema, at *spot) (node, error) {
	switch s := s.(type) {
	case *hamba.RefSchema:
		return c.named[s.Schema().FullName()], nil
	case *hamba.NullSchema:
		return nullType{}, nil
	case *hamba.PrimitiveSchema:
		return c.primitive(s, at)
	case *hamba.FixedSchema:
		t, err := c.fixed(s, at)
		c.named[s.FullName()] = t
		return t, err
	case *hamba.EnumSchema:
		t := newEnum(s.FullName(), s.Symbols())
		c.named[s.FullName()] = t
		return t, nil
	case *hamba.ArraySchema:
		items, err := c.node(s.Items(), at.at("items"))
		return &arrayType{items}, err
	case *hamba.MapSchema:
		values, err := c.node(s.Values(), at.at("values"))
		return &mapType{values}, err
	case *hamba.UnionSchema:
		return c.union(s, at)
	case *hamba.RecordSchema:
		return c.record(s, at)
	}
	return nil, c.mistake(at, "has a type, %s, that this codec doesn't know", s.Type())
}

// logicalBases are the types that a logical type may stand on. A logical type
// that is not among them is passed over, as the specification wants it.
var logicalBases = map[string]string{
	"date":                   "int",
	"time-millis":            "int",
	"time-micros":            "long",
	"timestamp-millis":       "long",
	"timestamp-micros":       "long",
	"timestamp-nanos":        "long",
	"local-timestamp-millis": "long",
	"local-timestamp-micros": "long",
	"local-timestamp-nanos":  "long",
	"decimal":                "bytes or fixed, with a precision that fits and a scale up to it",
	"uuid":                   "string, or fixed of 16 bytes",
}

// logical returns the name of a schema's logical type, which hamba keeps as a
// property where it doesn't know it.
func logical(s interface {
	hamba.LogicalTypeSchema
	hamba.PropertySchema
}) string {
	if l := s.Logical(); l != nil {
		return string(l.Type())
	}
	name, _ := s.Prop("logicalType").(string)
	return name
}

func (c *compiler) misplaced(name string, at *spot) error {
	return c.mistake(at.at("logicalType"), "%s must stand on %s", name, logicalBases[name])
}

func (c *compiler) primitive(s *hamba.PrimitiveSchema, at *spot) (node, error) {
	name := logical(s)
	switch on := s.Type(); {
	case logicalBases[name] == "":
	case name == "decimal":
		if d, ok := s.Logical().(*hamba.DecimalLogicalSchema); ok {
			return &decimalType{precision: d.Precision(), scale: d.Scale()}, nil
		}
		return nil, c.misplaced(name, at)
	case name == "uuid" && on == hamba.String:
		return &uuidType{}, nil
	case logicalBases[name] != string(on):
		return nil, c.misplaced(name, at)
	default:
		return timeTypes[name](name), nil
	}
	return plain[s.Type()], nil
}

var plain = map[hamba.Type]node{
	hamba.Boolean: booleanType{},
	hamba.Int:     intType{},
	hamba.Long:    longType{},
	hamba.Float:   floatType{},
	hamba.Double:  doubleType{},
	hamba.String:  stringType{},
	hamba.Bytes:   bytesType{},
}

func (c *compiler) fixed(s *hamba.FixedSchema, at *spot) (node, error) {
	name := logical(s)
	switch d, isDecimal := s.Logical().(*hamba.DecimalLogicalSchema); {
	case isDecimal:
		return &decimalType{precision: d.Precision(), scale: d.Scale(), size: s.Size()}, nil
	case name == "uuid" && s.Size() == 16:
		return &uuidType{fixed: true}, nil
	case name == "duration":
		return nil, c.mistake(at.at("logicalType"), "duration, which is months, days and milliseconds, is not supported; leave logicalType out to have its bytes")
	case logicalBases[name] != "":
		return nil, c.misplaced(name, at)
	}
	return &fixedType{s.FullName(), s.Size()}, nil
}

func (c *compiler) union(s *hamba.UnionSchema, at *spot) (node, error) {
	if at.keys != nil { // {"type": ["null", "string"]}
		at = at.at("type")
	}
	if len(s.Types()) == 0 {
		return nil, c.mistake(at, "a union needs a type")
	}
	var types []node
	for i, branch := range s.Types() {
		t, err := c.node(branch, at.element(i))
		if err != nil {
			return nil, err
		}
		types = append(types, t)
	}
	return newUnion(types), nil
}

func (c *compiler) record(s *hamba.RecordSchema, at *spot) (node, error) {
	t := &recordType{name: s.FullName(), index: map[string]int{}, drop: c.drop}
	c.named[t.name] = t
	c.records, c.spots = append(c.records, t), append(c.spots, at.at("fields"))
	for i, f := range s.Fields() {
		here := at.at("fields").element(i)
		typ, err := c.node(f.Type(), here.at("type"))
		if err != nil {
			return nil, err
		}
		compiled := field{name: f.Name(), typ: typ}
		if def, ok := here.lookup("default"); ok {
			compiled.hasDef = true
			if err := new(jsonvalue.Decoder).Decode(c.doc.slice(def), &compiled.def); err != nil {
				return nil, c.mistake(def, "%v", err)
			}
		}
		t.fields = append(t.fields, compiled)
		t.index[f.Name()] = i
	}
	for i, f := range s.Fields() {
		for _, alias := range f.Aliases() {
			if _, taken := t.index[alias]; !taken {
				t.index[alias] = i
			}
		}
	}
	return t, nil
}

// setMissing sets what is written for missing fields. That takes all types.
func (c *compiler) setMissing() error {
	for r, t := range c.records {
		for i := range t.fields {
			f := &t.fields[i]
			if !f.hasDef {
				f.missing = null(f.typ)
				continue
			}
			w := hamba.NewWriter(nil, 1)
			if err := writeDefault(w, f.typ, f.def, 0); err != nil {
				return c.mistake(c.spots[r].element(i).at("default"), "default: %v", err)
			}
			f.missing = w.Buffer()
		}
	}
	return nil
}
