//go:build integration

package integration

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// troubled is a handler that misbehaves on its way: each of its troubles comes
// once, but every hundredth number fails for good.
const troubled = `
import json, os, sys, time

def once(what):
    if os.path.exists(what):
        return False
    open(what, "w").close()
    return True

def answer(line):
    record = json.loads(line)
    n = record["value"]["n"]
    if n == 1111 and once("exited"):
        os._exit(3)
    if n == 2222 and once("talked"):
        print("not an answer at all", flush=True)
    if n == 3333 and once("hung"):
        time.sleep(3600)
    if n % 100 == 50:
        return json.dumps({"id": record["id"], "error": "bad number"})
    return json.dumps({"id": record["id"], "value": record["value"]})

rest = b""
while chunk := os.read(0, 1 << 16):
    *lines, rest = (rest + chunk).split(b"\n")
    for line in reversed([answer(line) for line in lines]):  # out of order
        print(line)
    sys.stdout.flush()
`

// Whatever the user's program does, every record is handled or becomes a dead
// letter with its own bytes, in order.
func TestIntegrationHandlerOrdeal(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	c := startCluster(t)
	const all = 5000
	c.create("t", 1)
	c.produce(numbered("t", 0, all)...)
	dir := folder(t, map[string]string{"troubled.py": troubled, "handle.yaml": `
source: {kafka: {topics: t, until: end}}
transforms:
  - handler:
      exec: {command: [python3, troubled.py], batch: 8, timeout: 3s}
sink: {kafka: {topic: out}}
errors: {retries: 3, backoff: {initial: 10ms, max: 100ms}, on_failure: dead_letter}
dead_letter: {kafka: {topic: dead}}
`})
	p := start(t, dir, c.Addr(), "handle.yaml")
	p.exits(0, patience+20*time.Second)
	var out, dead []int
	for _, m := range c.messages("out") {
		out = append(out, numbers(t, [][]byte{m.Value})...)
	}
	for _, m := range c.messages("dead") {
		dead = append(dead, numbers(t, [][]byte{m.Value})...)
		if got := header(m, "pipeline.error.stage"); got != "handler" {
			t.Errorf("%s: stage %s", m.Value, got)
		}
	}
	bad := func(n int) bool { return n%100 == 50 }
	want := slices.DeleteFunc(span(0, all), bad)
	for _, n := range dead { // a trouble may cost its record all tries, but no other
		if !bad(n) {
			want = slices.DeleteFunc(want, func(w int) bool { return w == n })
			t.Logf("number %d has become a dead letter", n)
		}
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	for _, n := range span(0, all) {
		if bad(n) && !slices.Contains(dead, n) {
			t.Errorf("number %d is neither handled nor a dead letter", n)
		}
	}
	if len(dead) > all/100+1 {
		t.Errorf("%d dead letters", len(dead))
	}
	if at := c.committed("pipeline-handle", "t"); at != all {
		t.Errorf("%d are committed, want %d", at, all)
	}
}
