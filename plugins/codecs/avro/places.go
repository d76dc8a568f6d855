package avro

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// document is a schema's text, in which mistakes have places.
type document struct {
	file string
	text []byte
}

// spot is a JSON value in a document.
type spot struct {
	start, end int
	keys       []string // of an object
	parts      []*spot  // the values of an object, or the elements of a list
}

// errorAt is a mistake at a byte of the text.
func (doc document) errorAt(offset int, format string, args ...any) error {
	before := doc.text[:min(offset, len(doc.text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("%s:%d:%d: %s", doc.file, line, column, fmt.Sprintf(format, args...))
}

func (doc document) slice(s *spot) []byte { return doc.text[s.start:s.end] }

// parse returns the outermost value.
func (doc document) parse() (*spot, error) {
	var any any
	var syntax *json.SyntaxError
	err := json.Unmarshal(doc.text, &any)
	if errors.As(err, &syntax) {
		return nil, doc.errorAt(max(int(syntax.Offset)-1, 0), "is not JSON: %v", err)
	}
	if err != nil {
		return nil, doc.errorAt(0, "is not JSON: %v", err)
	}
	return doc.spot(json.NewDecoder(bytes.NewReader(doc.text))), nil
}

// spot reads the next value of text that is known to be JSON.
func (doc document) spot(dec *json.Decoder) *spot {
	next := func() json.Token {
		token, err := dec.Token()
		if err != nil {
			panic(err)
		}
		return token
	}
	s := &spot{start: len(doc.text) - len(bytes.TrimLeft(doc.text[dec.InputOffset():], " \t\r\n,:"))}
	if open, ok := next().(json.Delim); ok {
		for dec.More() {
			if open == '{' {
				s.keys = append(s.keys, next().(string))
			}
			s.parts = append(s.parts, doc.spot(dec))
		}
		next()
	}
	s.end = int(dec.InputOffset())
	return s
}

// lookup returns the value of a key. Of a key that is given twice the last
// value counts, as everywhere.
func (s *spot) lookup(key string) (*spot, bool) {
	for i := len(s.keys) - 1; i >= 0; i-- {
		if s.keys[i] == key {
			return s.parts[i], true
		}
	}
	return nil, false
}

// at returns the value of a key, or the nearest there is.
func (s *spot) at(key string) *spot {
	if part, ok := s.lookup(key); ok {
		return part
	}
	return s
}

// element returns an element of a list, or the nearest there is.
func (s *spot) element(i int) *spot {
	if len(s.keys) == 0 && i < len(s.parts) {
		return s.parts[i]
	}
	return s
}
