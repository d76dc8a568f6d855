package house

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The document shows the registration of a Pub/Sub as the example has it.
func TestConsumersShowTheExample(t *testing.T) {
	code, err := os.ReadFile(filepath.Join(root, "examples/watermill-nats/nats.go"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(filepath.Join(root, "docs/consumers.md"))
	if err != nil {
		t.Fatal(err)
	}
	if _, shown, ok := bytes.Cut(code, []byte(")\n\n")); !ok || !bytes.Contains(document, append([]byte("```text\n"), append(shown, "```"...)...)) {
		t.Errorf("docs/consumers.md does not show examples/watermill-nats/nats.go as it is, from its options on")
	}
}
