package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A message stands in a heading, with … for what differs.
var quotedMessage = regexp.MustCompile("(?m)^### `(.+)`$")

// Every message that troubleshooting quotes is one that the code has.
func TestTroubleshootingQuotesRealMessages(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	literals := stringLiterals(t)
	messages := quotedMessage.FindAllStringSubmatch(string(text), -1)
	if len(messages) < 10 {
		t.Fatalf("only %d messages are found", len(messages))
	}
	for _, m := range messages {
		for part := range strings.SplitSeq(m[1], "…") {
			if part = strings.Trim(part, " ;,"); !strings.Contains(literals, part) {
				t.Errorf("no message of the code holds %q, as in: %s", part, m[1])
			}
		}
	}
}

// stringLiterals returns all strings in the code and in its tests, where
// messages stand as a whole.
func stringLiterals(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || path == "messages_test.go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value)
				all.WriteString(text + "\n")
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
