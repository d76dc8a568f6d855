package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pipeline-daemon/pipeline"
)

// nameColumns gives each column a name of its own in Avro. It returns the
// entries of a rename transform for those whose names change.
func nameColumns(columns []column) (renamed []string) {
	taken := map[string]bool{}
	for _, c := range columns {
		taken[c.title] = true
	}
	for i := range columns {
		c := &columns[i]
		if c.name = avroName(c.title); c.name == c.title {
			continue
		}
		for base, n := c.name, 2; taken[c.name]; n++ {
			c.name = fmt.Sprintf("%s_%d", base, n)
		}
		taken[c.name] = true
		renamed = append(renamed, quote(c.title)+": "+c.name)
	}
	return renamed
}

// avroName returns the nearest name that Avro can have: letters and digits of
// ASCII and underscores, not beginning with a digit.
func avroName(title string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, title)
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

var avroTypes = map[pipeline.Kind]string{
	pipeline.KindBool:  "boolean",
	pipeline.KindInt:   "long",
	pipeline.KindFloat: "double",
}

// avroSchema returns the schema of a record, a line for each field.
func avroSchema(name string, columns []column) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"type\": \"record\",\n  \"name\": %s,\n  \"fields\": [\n", quote(name))
	for i, c := range columns {
		typ := quote("string")
		if known, ok := avroTypes[c.kind]; ok {
			typ = quote(known)
		}
		if c.isNull {
			typ = `["null", ` + typ + `], "default": null`
		}
		fmt.Fprintf(&b, "    {\"name\": %s, \"type\": %s", quote(c.name), typ)
		if c.name != c.title {
			fmt.Fprintf(&b, ", \"doc\": %s", quote("the column "+c.title))
		}
		b.WriteByte('}')
		if i < len(columns)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("  ]\n}\n")
	return b.Bytes()
}

// quote returns a string of JSON.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSpace(b.String())
}
