package house

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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

// A new handler in Python reads the stream that a replay in the same process
// writes, once its source is the one that the document shows.
func TestPythonOfAStream(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	const source, command = "source:\n  kafka: {topics: my-stream}\n", "bin/pipeline run pipelines/replay.yaml hot.yaml"
	document, err := os.ReadFile(filepath.Join(root, "docs/consumers.md"))
	if err != nil || !bytes.Contains(document, []byte("```yaml\n"+source+"```\n\n```text\n"+command+"\n```")) {
		t.Fatalf("docs/consumers.md does not show %s and %s: %v", source, command, err)
	}
	dir := checkout(t)
	shell(t, dir, build(t)+" new python hot", time.Minute)
	file := filepath.Join(dir, "hot.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(text, []byte("source:\n"))
	_, rest, ok := bytes.Cut(rest, []byte("\n# source:"))
	if err := os.WriteFile(file, slices.Concat(head, []byte(source+"#"), rest), 0o644); err != nil || !ok {
		t.Fatal(ok, err)
	}
	out := shell(t, dir, strings.Replace(command, "bin/pipeline", build(t), 1)+" --speed max --quiet", 3*time.Second)
	if !strings.Contains(out, `"fahrenheit":`) || !strings.Contains(out, `"sensor":"boiler"`) {
		t.Errorf("it prints %q", out)
	}
}

// The commands that the document shows redrive every reading that failed, once.
func TestRedriveExample(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(root, "docs/consumers.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := bytes.Cut(document, []byte("```text\nbin/pipeline run pipelines/dead-letters.yaml\n"))
	commands, _, _ := bytes.Cut(after, []byte("```"))
	if n := bytes.Count(commands, []byte("bin/pipeline redrive ")); n != 2 {
		t.Fatalf("%d redrives in docs/consumers.md, want 2", n)
	}
	dir, n := checkout(t), rows(t, "examples/meters.csv")
	lines := func(file string) int {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(text, []byte("\n"))
	}
	runExamples(t, dir, "pipelines/dead-letters.yaml")
	rejected := lines("rejected.jsonl")
	if rejected == 0 || rejected > n/10 || lines("accepted.jsonl") != n-rejected {
		t.Fatalf("%d rows, %d rejected, %d accepted", n, rejected, lines("accepted.jsonl"))
	}
	for command := range strings.Lines(string(commands)) {
		shell(t, dir, strings.Replace(strings.TrimSpace(command), "bin/pipeline", build(t), 1), time.Minute)
	}
	if lines("rejected.jsonl") != rejected || lines("accepted.jsonl") != n {
		t.Errorf("%d rows, %d and then %d rejected, %d accepted", n, rejected, lines("rejected.jsonl"), lines("accepted.jsonl"))
	}
}
