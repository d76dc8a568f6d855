//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A message that can't be decoded stops a pipeline, as often as it is started
// again, and the messages before it are done. With another policy the pipeline
// goes on after it.
func TestIntegrationPoison(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	messages := numbered("t", 0, 100)
	messages[50].Value = []byte("not JSON")
	messages[50].Key = []byte("bad")
	c.create("t", 1)
	c.produce(messages...)
	dir := folder(t, map[string]string{
		"consume.yaml": `
source: {kafka: {topics: t, until: end}}
sink: print
errors: {on_failure: stop}
`,
		"letters.yaml": `
name: consume
source: {kafka: {topics: t, until: end}}
sink: print
errors: {on_failure: dead_letter}
dead_letter: {kafka: {topic: dead}}
`})
	for _, want := range [][]int{span(0, 50), {}} {
		p := start(t, dir, c.Addr(), "consume.yaml")
		p.exits(1, patience)
		if diff := cmp.Diff(want, numbers(t, lines(p.stdout.String()))); diff != "" {
			t.Error(diff)
		}
		o := p.outcome("consume")
		if diff := cmp.Diff(counts{Read: len(want) + 1, Written: len(want), Failed: 1}, o.Records); diff != "" {
			t.Error(diff)
		}
		if o.State != "failed" || !strings.HasPrefix(o.Error, "t[0]@50: decode json: ") {
			t.Errorf("%+v", o)
		}
		if at := c.committed("pipeline-consume", "t"); at != 50 {
			t.Errorf("%d are committed, want 50", at)
		}
	}
	p := start(t, dir, c.Addr(), "letters.yaml")
	p.exits(0, patience)
	if diff := cmp.Diff(span(51, 100), numbers(t, lines(p.stdout.String()))); diff != "" {
		t.Error(diff)
	}
	p.reports("consume", "completed", counts{Read: 50, Written: 49, DeadLettered: 1})
	if at := c.committed("pipeline-consume", "t"); at != 100 {
		t.Errorf("%d are committed, want 100", at)
	}
	dead := c.messages("dead")
	if len(dead) != 1 || string(dead[0].Key) != "bad" || string(dead[0].Value) != "not JSON" ||
		header(dead[0], "pipeline.error.stage") != "decode" || header(dead[0], "pipeline.error.origin.offset") != "50" {
		t.Errorf("dead letters: %v", dead)
	}
}

// header returns a header's value.
func header(m *kgo.Record, name string) string {
	for _, h := range m.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return fmt.Sprintf("no header %s", name)
}
