package jsonvalue_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// FuzzDecode compares with encoding/json: what is valid, and what it means.
// What was decoded must come back the same from every style.
func FuzzDecode(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc.json))
	}
	for _, seed := range []string{`[1,-0.5e+7,"\ud83d\ude42\ud83d",{}]`, `{"a":{"a":1},"a":null}`, `01`, `9223372036854775808`, "\"\xff\"", `1e999`, `{"a":}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var d jsonvalue.Decoder
		var v pipeline.Value
		err := d.Decode(data, &v)
		if valid := json.Valid(data) && utf8.Valid(data) && fits(data); valid != (err == nil) {
			t.Fatalf("valid: %v, but Decode says: %v", valid, err)
		}
		if err != nil {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, plainOf(v), cmp.Comparer(sameNumber)); diff != "" {
			t.Error(diff)
		}
		for _, style := range []jsonvalue.Style{jsonvalue.Compact, jsonvalue.Spaced, jsonvalue.Python} {
			encoded, err := jsonvalue.Append(nil, v, style)
			if err != nil {
				t.Fatal(err)
			}
			var again pipeline.Value
			if err := d.Decode(encoded, &again); err != nil || !again.Equal(v) {
				t.Errorf("%s comes back as %v, %v", encoded, again, err)
			}
		}
	})
}

// fits reports whether numbers and depth are in range.
func fits(data []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	depth := 0
	for {
		token, err := decoder.Token()
		switch token := token.(type) {
		case json.Number:
			if _, err := token.Int64(); err != nil && !strings.ContainsAny(token.String(), ".eE") {
				return false
			}
			if _, err := token.Float64(); err != nil {
				return false
			}
		case json.Delim:
			if depth++; token == ']' || token == '}' {
				depth -= 2
			}
			if depth > 512 {
				return false
			}
		}
		if err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// plainOf returns v as encoding/json would decode it.
func plainOf(v pipeline.Value) any {
	switch v.Kind() {
	case pipeline.KindBool:
		return v.Bool()
	case pipeline.KindInt, pipeline.KindFloat:
		text, _ := v.Text()
		return json.Number(text)
	case pipeline.KindString:
		return v.Str()
	case pipeline.KindList:
		vs := []any{}
		for _, e := range v.List() {
			vs = append(vs, plainOf(e))
		}
		return vs
	case pipeline.KindStruct:
		fs := map[string]any{}
		for _, f := range v.Fields() {
			fs[f.Name] = plainOf(f.Value)
		}
		return fs
	}
	return nil
}

func sameNumber(a, b json.Number) bool {
	if strings.ContainsAny(string(a)+string(b), ".eE") {
		f, err := strconv.ParseFloat(string(a), 64)
		g, err2 := strconv.ParseFloat(string(b), 64)
		return f == g && err == nil && err2 == nil
	}
	i, err := a.Int64()
	j, err2 := b.Int64()
	return i == j && err == nil && err2 == nil
}
