package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/pipeline-daemon/pipeline"
	"gopkg.in/yaml.v3"
)

// unquotedVariable is a variable in braces or brackets whose own braces YAML
// takes for a mapping.
var unquotedVariable = regexp.MustCompile(`[{\[,:]\s*(\$\{[^}]*\})`)

// syntaxError says where a text is broken, of which YAML says why, and what to
// do where that is known.
func syntaxError(file string, text []byte, why string) error {
	n := brokenLine(text)
	line := strings.Split(string(text), "\n")[n-1]
	column := 1
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
		column, why = tab+1, "the line is indented with a tab; use spaces"
	} else if at := unquotedVariable.FindStringSubmatchIndex(line); at != nil {
		column, why = at[2]+1, fmt.Sprintf("%[1]s in braces wants quotes, \"%[1]s\", or a line of its own", line[at[2]:at[3]])
	}
	return &pipeline.ConfigError{File: file, Line: n, Column: column, Err: fmt.Errorf("is not YAML: %s", why)}
}

// brokenLine returns the line after the longest run of lines that is YAML. The
// parser itself tells the line before, or the one where the mapping or list
// around it begins, or none.
func brokenLine(text []byte) int {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		text = text[:len(text)-len(lines[n])]
		if yaml.Unmarshal(text, new(yaml.Node)) == nil {
			return n + 1
		}
	}
	return 1
}
