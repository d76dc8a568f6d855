//go:build integration

package integration

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// faulty is a module with a handler that panics at some numbers, and at one
// does not return.
var faulty = map[string]string{
	"go.mod": "module example.com/faulty\n\ngo 1.26.0\n",
	"faulty.go": `package faulty

import (
	"context"

	"github.com/pipeline-daemon/pipeline"
)

type Options struct {
	_      struct{} ` + "`doc:\"panics at every hundredth number\"`" + `
	HangAt int64    ` + "`yaml:\"hang_at\" doc:\"the number at which it does not return\"`" + `
}

func init() {
	pipeline.RegisterHandler("faulty", Options{HangAt: -1}, func(_ context.Context, _ pipeline.Env, o Options) (pipeline.Handler, error) {
		return pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
			n := r.Get("n").Int()
			if n%100 == 50 {
				panic("no such number")
			}
			if n == o.HangAt {
				select {}
			}
			out.Keep()
			return nil
		}), nil
	})
}
`}

// A handler in Go that panics costs the records at fault. One that does not
// return is named and ends the pipeline, and the next run goes on there.
func TestIntegrationGoHandlerOrdeal(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	const all, hang = 2000, 1234
	c.create("t", 1)
	c.produce(numbered("t", 0, all)...)
	dir := folder(t, faulty)
	handle := func(hangAt int) string {
		return write(t, dir, fmt.Sprintf(`
name: handle
source: {kafka: {topics: t, until: end}}
transforms:
  - handler: {faulty: {hang_at: %d}}
sink: {kafka: {topic: out}}
errors: {timeout: 500ms, on_failure: dead_letter}
dead_letter: {kafka: {topic: dead}}
`, hangAt))
	}
	core, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "mine")
	build := exec.Command(binary, "build", "--with", "example.com/faulty=.", "--core", core, "-o", mine)
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	p := launch(t, mine, dir, c.Addr(), "run", handle(hang), "--grace", "1s")
	p.exits(1, patience)
	p.says("handler faulty", 0)
	p.says("does not return", 0)
	p.says("no such number", 0)
	if at := c.committed("pipeline-handle", "t"); at > hang {
		t.Errorf("%d are committed, and the handler does not return at %d", at, hang)
	}
	next := launch(t, mine, dir, c.Addr(), "run", handle(-1))
	next.exits(0, patience)

	var out, dead []int
	for _, m := range c.messages("out") {
		out = append(out, numbers(t, [][]byte{m.Value})...)
	}
	for _, m := range c.messages("dead") {
		dead = append(dead, numbers(t, [][]byte{m.Value})...)
		if stage := header(m, "pipeline.error.stage"); stage != "handler" {
			t.Errorf("%s: stage %s", m.Value, stage)
		}
	}
	bad := func(n int) bool { return n%100 == 50 }
	for _, of := range []struct {
		what      string
		got, want []int
	}{
		{"stored", out, slices.DeleteFunc(span(0, all), bad)},
		{"dead letters", dead, slices.DeleteFunc(span(0, all), func(n int) bool { return !bad(n) })},
	} {
		slices.Sort(of.got)
		if diff := cmp.Diff(of.want, slices.Compact(of.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", of.what, diff)
		}
	}
	if at := c.committed("pipeline-handle", "t"); at != all {
		t.Errorf("%d are committed, want %d", at, all)
	}
}
