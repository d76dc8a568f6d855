// Package plugintest is the conformance suites of plugins, one for each kind,
// for a plugin's own test to call: Source, Transform, Sink, Handler and Codec. They
// check what package pipeline's contracts promise of every plugin:
//
//   - options are decoded strictly, and every one of them says what it is for;
//   - records keep their order, and a bad one fails alone;
//   - a done context ends what is under way, with the context's error;
//   - Close frees everything, at once, after a failure, and twice;
//   - no goroutine is left behind.
//
// Options and values are written as YAML; results are compared as a Value
// prints itself.
package plugintest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
)

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// Node parses YAML as the file t.yaml.
func Node(t testing.TB, text string) pipeline.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return pipeline.Node{File: "t.yaml", YAML: doc.Content[0]}
}

// Value decodes a value that is written as YAML.
func Value(t testing.TB, text string) pipeline.Value {
	t.Helper()
	var v pipeline.Value
	if err := Node(t, text).Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// binder is one of package pipeline's Bind functions.
type binder[T any] func(pipeline.Node) (*pipeline.Bound[T], error)

// open binds and opens a plugin.
func open[T any](ctx context.Context, t testing.TB, bind binder[T], options string, change func(*pipeline.Env)) (T, error) {
	t.Helper()
	bound, err := bind(Node(t, options))
	if err != nil {
		t.Fatal(err)
	}
	env := pipeline.Env{Log: slog.New(slog.DiscardHandler), Pipeline: "test", Stdin: strings.NewReader(""), Stdout: io.Discard}
	if change != nil {
		change(&env)
	}
	return bound.Open(ctx, env)
}

// mustOpen opens a plugin that has to open.
func mustOpen[T any](t testing.TB, bind binder[T], options string, change func(*pipeline.Env)) T {
	t.Helper()
	plugin, err := open(t.Context(), t, bind, options, change)
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}

// subtest runs f, after which no goroutine may be left.
func subtest(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Run(name, f)
	if err := goleak.Find(before); err != nil {
		t.Errorf("%s: goroutines are left: %v", name, err)
	}
}

// closeTwice closes a plugin, which may be asked for more than once.
func closeTwice(t testing.TB, plugin io.Closer) {
	t.Helper()
	for _, time := range []string{"first", "second"} {
		if err := within(t, "Close", plugin.Close); err != nil {
			t.Errorf("the %s Close: %v", time, err)
		}
	}
}

// within calls f and returns its error, unless it takes too long or panics.
func within(t testing.TB, what string, f func() error) error {
	t.Helper()
	result := make(chan error, 1)
	panicked := make(chan string, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				panicked <- fmt.Sprintf("%v\n%s", v, debug.Stack())
			}
		}()
		result <- f()
	}()
	select {
	case err := <-result:
		return err
	case text := <-panicked:
		t.Fatalf("%s panics: %s", what, text)
	case <-time.After(patience):
		t.Fatalf("%s has not returned after %v", what, patience)
	}
	return nil
}

// cancelled returns a context that is done.
func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
