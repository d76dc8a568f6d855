package config

import (
	"context"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

func TestErrors(t *testing.T) {
	const head = "source: {topic: {topic: a}}\nsink: {file: {path: a}}\n"
	plan, err := Parse("t.yaml", []byte(head+"errors: {on_failure: skip, timeout: 3s, max_failures: 5%, backoff: {jitter: 0}}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if e := plan.Errors; e.Timeout != 3*time.Second || e.MaxFailures.String() != "5%" || e.Backoff.Jitter != 0 || e.Backoff.Max != 10*time.Second {
		t.Errorf("%+v", e)
	}
	for text, want := range map[string]string{
		"errors: {timeout: -1s, backoff: {jitter: 2}}\n":        "t.yaml:3:10: timeout: wants 0 or more, not -1s\nt.yaml:3:34: backoff.jitter: wants a share from 0 to 1, not 2",
		"errors: {on_failure: skip, max_failures: many}\n":      `t.yaml:3:42: wants a count, such as 100, or a share above 0%, such as 5%, not "many"`,
		"errors: {on_failure: skip, max_failures: 101%}\n":      `t.yaml:3:42: wants a count, such as 100, or a share above 0%, such as 5%, not "101%"`,
		"errors: {max_failures: 100}\n":                         "t.yaml:3:10: max_failures: is used only with  on_failure: skip  or  dead_letter",
		"errors: {on_failure: skip, max_failures: 1.5}\n":       `t.yaml:3:42: wants a count, such as 100, or a share above 0%, such as 5%, not "1.5"`,
		"errors: {on_failure: skip, max_failures: -1}\n":        `t.yaml:3:42: wants a count, such as 100, or a share above 0%, such as 5%, not "-1"`,
		"errors: {on_failure: skip, max_failures: 0%}\n":        `t.yaml:3:42: wants a count, such as 100, or a share above 0%, such as 5%, not "0%"`,
		"errors: {on_failure: skip, backoff: {jitter: .nan}}\n": "t.yaml:3:38: backoff.jitter: wants a share from 0 to 1, not NaN",
	} {
		if _, err := Parse("t.yaml", []byte(head+text), nil); err == nil || err.Error() != want {
			t.Errorf("%sgot  %v\nwant %s", text, err, want)
		}
	}
}

// reads is a source that reads what a sink with a path writes.
type reads struct {
	Path string `yaml:"path" doc:"a path"`
	End  bool   `yaml:"end" doc:"it ends"`
}

func (r *reads) Ends() bool { return r.End }

func (r *reads) ReadsFrom(sink any) bool {
	f, ok := sink.(*fileOptions)
	return ok && f.Path == r.Path
}

func init() {
	pipeline.RegisterSource("reads", reads{}, func(context.Context, pipeline.Env, reads) (pipeline.Source, error) { return nil, nil })
}

// What the source reads is not where its sink, or its dead letters, may go.
func TestLoops(t *testing.T) {
	text := func(source string) []byte {
		return []byte("source: {reads: {path: " + source + "}}\nsink: {file: {path: b}}\nerrors: {on_failure: dead_letter}\ndead_letter: {file: {path: a}}\n")
	}
	const want = "t.yaml:4:1: dead_letter: goes where the source reads, so that every dead letter would come again and fail again; give dead letters a place of their own"
	if _, err := Parse("t.yaml", text("a"), nil); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Parse("t.yaml", text("c"), nil); err != nil {
		t.Error(err)
	}
	const loop = "t.yaml:2:1: sink: goes where the source reads, so that every record would come again and again; let it go elsewhere, or end the source, with  until: end"
	if _, err := Parse("t.yaml", text("b"), nil); err == nil || err.Error() != loop {
		t.Errorf("got %v, want %s", err, loop)
	}
	if _, err := Parse("t.yaml", text("b, end: true"), nil); err != nil {
		t.Error(err)
	}
}
