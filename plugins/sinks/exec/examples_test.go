//go:build unix

package exec

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// example opens an example's program, unless there is nothing that runs it.
func example(t testing.TB, interpreter, file string) Options {
	t.Helper()
	if _, err := exec.LookPath(interpreter); err != nil {
		t.Skip(err)
	}
	o := defaults()
	o.Command = []string{interpreter, filepath.Join("..", "..", "..", "examples", "handlers", file)}
	return o
}

func readings(n int) *pipeline.Batch {
	b := &pipeline.Batch{}
	for i := range n {
		r := b.Add(64)
		r.Key = fmt.Append(nil, "boiler")
		r.Set("sensor", pipeline.String("boiler"))
		r.Set("value", pipeline.Float(float64(i)))
	}
	return b
}

func TestExamples(t *testing.T) {
	fails := map[string]string{
		"fahrenheit.py": "1 fails: TypeError: 'NoneType' object is not subscriptable (fahrenheit.py:6), for good: true",
		"fahrenheit.js": "1 fails: TypeError: Cannot read properties of null (reading 'value'), for good: true",
	}
	for file, interpreter := range map[string]string{"fahrenheit.py": "python3", "fahrenheit.js": "node"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			h, _ := opened(t, example(t, interpreter, file))
			b := readings(3)
			b.Records[1].Value = pipeline.Null()
			got := handle(t, h, b)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], "32.0}", "32}") // Python's floats stay floats
			}
			want := []string{`0 {sensor: "boiler", value: 32}`, `2 {sensor: "boiler", value: 35.6}`, fails[file]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("tell.sh", func(t *testing.T) {
		t.Parallel()
		h, log := opened(t, example(t, "sh", "tell.sh"))
		if got := handle(t, h, readings(2)); len(got) > 0 {
			t.Error(got)
		}
		if err := h.Close(); err != nil || !strings.Contains(log.String(), `got {\"id\":1,\"key\":\"boiler\",\"value\":{\"sensor\":\"boiler\",\"value\":1.0}}`) {
			t.Errorf("%v, logged:\n%s", err, log)
		}
	})
}

// python returns the options for a Python program that has the function f.
func python(t *testing.T, f string) Options {
	t.Helper()
	o := example(t, "python3", "")
	helper, err := filepath.Abs(o.Command[1])
	if err != nil {
		t.Fatal(err)
	}
	o.Command[1] = filepath.Join(t.TempDir(), "fails.py")
	o.Env = pipeline.Pairs[string]{{Name: "PYTHONPATH", Value: helper}}
	program := "import pipeline_handler\n" + f + "pipeline_handler.run(f)\n"
	if err := os.WriteFile(o.Command[1], []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	return o
}

// A function yields any number of values, or fails on the way.
func TestPythonYields(t *testing.T) {
	h, _ := opened(t, python(t, `def f(record):
    for i in range(int(record["value"]["value"])):
        yield {"i": i}
        1 / (1 - i)
`))
	want := []string{"1 {i: 0}", "2 fails: ZeroDivisionError: division by zero (fails.py:5), for good: true"}
	if diff := cmp.Diff(want, handle(t, h, readings(3))); diff != "" {
		t.Error(diff)
	}
}

// A failure of the network may pass, and so may what the program calls one.
func TestPythonRetries(t *testing.T) {
	h, _ := opened(t, python(t, `def f(record):
    raise [ConnectionRefusedError("down"), pipeline_handler.Retry("later"), ValueError("bad")][int(record["value"]["value"])]
`))
	want := []string{"0 fails: ConnectionRefusedError: down (fails.py:3), for good: false", "1 fails: Retry: later (fails.py:3), for good: false",
		"2 fails: ValueError: bad (fails.py:3), for good: true"}
	if diff := cmp.Diff(want, handle(t, h, readings(3))); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkPython is how many records a second go through a Python program and
// back.
func BenchmarkPython(b *testing.B) {
	o := example(b, "python3", "fahrenheit.py")
	opened, err := open(b.Context(), pipeline.Env{}, o)
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	batch := readings(pipeline.DefaultBatchRecords)
	var out pipeline.Results
	began := time.Now()
	n := 0
	for b.Loop() {
		out.Reset(batch)
		if err := opened.Handle(b.Context(), batch, &out); err != nil {
			b.Fatal(err)
		}
		n += out.Len()
	}
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "records/s")
}

func TestHandler(t *testing.T) {
	_ = example(t, "sh", "tell.sh")
	plugintest.Handler(t, []plugintest.HandlerCase{
		{Options: "exec: {command: [sh, ../../../examples/handlers/tell.sh]}", In: "{a: 1}"},
		{Options: "exec: {command: [sh, ../../../examples/handlers/tell.sh]}", In: "text"},
	})
	plugintest.Mistakes(t, pipeline.BindHandler, []plugintest.Mistake{
		{Options: "exec", Want: "t.yaml:1:1: command: is missing: name the program and its arguments, such as [python3, handler.py]"},
		{Options: "exec: {command: sh x.sh}", Want: `t.yaml:1:8: command: there is no program "sh x.sh"; write the program and its arguments as a list: [sh, x.sh]`},
		{Options: "exec: {command: nowhere-at-all}", Want: `t.yaml:1:8: command: there is no program "nowhere-at-all" that can be run: executable file not found in $PATH`},
		{Options: "exec: {command: sh, batch: 0, timeout: -1s}", Want: "t.yaml:1:21: batch: wants 1 or more, not 0\nt.yaml:1:31: timeout: wants 0 or more, not -1s"},
	})
}
