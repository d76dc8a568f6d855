//go:build integration

package integration

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A redrive that is killed half way goes on where it was committed: each dead
// letter is redriven, in order, and again only what was not yet committed.
func TestIntegrationRedriveKilled(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const n = 3000
	const slow = `handler: {exec: {command: [sh, -c, 'while read -r line; do sleep 0.001; printf "%s\n" "$line"; done'], batch: 50}}`
	c.create("in", 1)
	c.produce(numbered("in", 0, n)...)
	for _, tt := range []struct{ name, from, sink string }{
		{"letters-in-topic", "dead", "kafka: {topic: dead}"},
		{"letters-in-file", "dead.jsonl", "file: {path: dead.jsonl, mode: append}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := c.in(t)
			out := tt.name + "-out"
			dir := t.TempDir()
			with := func(transform string) (file string) {
				return write(t, dir, fmt.Sprintf(`
name: %s
source: {kafka: {topics: in, until: end}}
transforms: [%s]
sink: {kafka: {topic: %s}}
errors: {on_failure: dead_letter}
dead_letter: {%s}
`, tt.name, transform, out, tt.sink))
			}
			p := start(t, dir, c.Addr(), with("cast: {none: int}"))
			p.exits(0, patience)
			p.reports(tt.name, "completed", counts{Read: n, DeadLettered: n})

			mended := with(slow)
			redrive := func() *process { return launch(t, binary, dir, c.Addr(), "redrive", mended, "--from", tt.from) }
			killed := redrive()
			c.awaitSize(out, n/3)
			killed.signal(syscall.SIGKILL)
			killed.exits(-1, promptly)
			next := redrive()
			next.exits(0, patience)
			left := next.outcome(tt.name + "-redrive").Records.Read
			next.reports(tt.name+"-redrive", "completed", counts{Read: left, Written: left})
			again := redrive()
			again.exits(0, patience)
			again.reports(tt.name+"-redrive", "completed", counts{})

			got := numbers(t, values(c.messages(out)))
			before, committed := len(got)-left, n-left
			if diff := cmp.Diff(append(span(0, before), span(committed, n)...), got); diff != "" {
				t.Error(diff)
			}
			if committed == 0 || committed > before || before == n {
				t.Errorf("%d of %d were redriven when it was killed, %d are committed", before, n, committed)
			}
			t.Logf("%d were redriven when it was killed, %d of them again", before, before-committed)
		})
	}
}
