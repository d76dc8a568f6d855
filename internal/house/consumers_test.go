package house

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
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

// The handler in Watermill's signature lets the readings pass that are not ok.
func TestWatermillExample(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "data/readings.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := rows(t, "data/readings.csv") - bytes.Count(text, []byte(",ok\n"))
	r, out := runExamples(t, checkout(t), "pipelines/watermill.yaml")
	if n := strings.Count(out, "\n"); n != want || strings.Contains(out, `"ok"`) || r.Pipelines[0].State != "completed" {
		t.Errorf("%+v, %d lines, want %d", r, n, want)
	}
}
