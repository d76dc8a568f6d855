package avro

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	hamba "github.com/hamba/avro/v2"
)

// schema returns the schema of a document. A mistake has the place of the
// smallest part of the schema that has it.
func (doc document) schema() (hamba.Schema, *spot, error) {
	root, err := doc.parse()
	if err != nil {
		return nil, nil, err
	}
	schema, err := parseSchema(doc.slice(root), "", &hamba.SchemaCache{})
	if err != nil {
		at, why := doc.blame(root, "", &hamba.SchemaCache{})
		if at == nil {
			at, why = root, err
		}
		return nil, nil, doc.errorAt(at.start, "%s", reworded(why))
	}
	return schema, root, nil
}

// parseSchema adds the named types of the schema to those in the cache.
func parseSchema(text []byte, namespace string, cache *hamba.SchemaCache) (schema hamba.Schema, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("can't be read: is a record the default of its own field?")
		}
	}()
	return hamba.ParseBytesWithCache(text, namespace, cache)
}

// reworded is an error of hamba's as a part of ours.
func reworded(err error) string {
	return strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "avro: ")
}

// blame returns the smallest part of a schema that can't be parsed, nil if all
// of it can. The named types before it are in the cache.
func (doc document) blame(s *spot, namespace string, cache *hamba.SchemaCache) (*spot, error) {
	_, err := parseSchema(doc.slice(s), namespace, cache)
	if err == nil {
		return nil, nil
	}
	var inside []*spot
	blame := doc.blame
	switch fields, isRecord := s.lookup("fields"); {
	case isRecord:
		record, err := doc.announce(s, namespace, cache)
		if err != nil {
			return s, err
		}
		inside, blame, namespace = fields.parts, doc.blameField, record.Namespace()
	case len(s.keys) == 0:
		inside = s.parts
	default:
		for _, key := range []string{"items", "values"} {
			if part, ok := s.lookup(key); ok {
				inside = append(inside, part)
			}
		}
		if union, ok := s.lookup("type"); ok {
			inside = append(inside, union.parts...)
		}
	}
	for _, part := range inside {
		if at, why := blame(part, namespace, cache); at != nil {
			return at, why
		}
	}
	return s, err
}

// blameField is blame for a field of a record.
func (doc document) blameField(s *spot, namespace string, cache *hamba.SchemaCache) (*spot, error) {
	alone := `{"type":"record","name":"_","fields":[` + string(doc.slice(s)) + `]}`
	_, err := parseSchema([]byte(alone), namespace, cache)
	if err == nil {
		return nil, nil
	}
	if typ, ok := s.lookup("type"); ok {
		if at, why := doc.blame(typ, namespace, cache); at != nil {
			return at, why
		}
	}
	if def, ok := s.lookup("default"); ok && strings.Contains(err.Error(), "invalid default") {
		return def, errors.New("is no default of the field's type; that of a union is of its first type")
	}
	return s, err
}

// announce adds a record to the cache, for fields that are of its type.
func (doc document) announce(s *spot, namespace string, cache *hamba.SchemaCache) (*hamba.RecordSchema, error) {
	var named struct{ Name, Namespace string }
	if err := json.Unmarshal(doc.slice(s), &named); err != nil {
		return nil, err
	}
	record, err := hamba.NewRecordSchema(named.Name, cmp.Or(named.Namespace, namespace), nil)
	if err == nil {
		cache.Add(record.FullName(), hamba.NewRefSchema(record))
	}
	return record, err
}
