//go:build unix

package exec

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"go.uber.org/goleak"
	"gopkg.in/yaml.v3"
)

// envProgram names what this test is, if it is the program.
const envProgram = "EXEC_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if what := os.Getenv(envProgram); what != "" {
		be(what)
		return
	}
	goleak.VerifyTestMain(m)
}

// be is a program of some kind, told of each line.
func be(what string) {
	in := bufio.NewReader(os.Stdin)
	var kept []string
	if what == "never starts" {
		fmt.Fprintln(os.Stderr, "line 1\n    ^^^\nSyntaxError ")
		os.Exit(1)
	}
	if what == "ignores SIGTERM" {
		signal.Ignore(syscall.SIGTERM)
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break
		}
		var r struct {
			ID    int
			Value struct{ N int }
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			panic(err)
		}
		answer := fmt.Sprintf(`{"id":%d,"value":{"n":%d}}`, r.ID, r.Value.N*10)
		bad := r.Value.N == 3
		switch {
		case what == "exits" && bad:
			fmt.Fprintln(os.Stderr, "no threes")
			os.Exit(7)
		case what == "is killed once" && bad && os.Getenv("MARK") != "":
			if f, err := os.OpenFile(os.Getenv("MARK"), os.O_CREATE|os.O_EXCL, 0o666); err == nil {
				_ = f.Close()
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				<-time.After(time.Hour)
			}
		case what == "never ends a line" && bad:
			for range maxLine>>20 + 1 {
				fmt.Print(strings.Repeat("x", 1<<20))
			}
			<-time.After(time.Hour)
		case what == "hangs" && bad:
			<-time.After(time.Hour)
		case what == "prints rubbish":
			fmt.Println("hello")
			fmt.Printf("{\"id\":%d\n[]\n{\"id\":-1}\n{\"id\":%d,\"value\":NaN}\n\n", r.ID, r.ID+1000)
		case what == "answers NaN" && bad:
			answer = fmt.Sprintf(`{"id": %d,"value":NaN}`, r.ID)
		case what == "floods":
			fmt.Fprint(os.Stderr, strings.Repeat(strings.Repeat("x", 5000)+"\n", 500))
		case what == "forks" && bad:
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), envProgram+"=sleeps")
			c.Stdout, c.Stderr = os.Stdout, os.Stderr
			_ = c.Start()
		case what == "answers":
			answer = []string{`{"id":%d}`, `{"id":%d,"records":[{"value":1},{"value":2,"key":"k","headers":{"a":"b"},"time":"2021-01-01T00:00:00Z"}]}`,
				`{"id":%d,"error":"no"}`, `{"id":%d,"error":"busy","retry":true}`, `{"id":%d,"value":null,"key":null}`, `{"id":%d,"records":1}`, `{"id":%d,"value":1,"time":"x"}`}[r.Value.N]
			answer = fmt.Sprintf(answer, r.ID)
		}
		kept = append(kept, answer)
		if what != "answers backwards" || len(kept) == 10 {
			for i := range kept {
				fmt.Println(kept[len(kept)-1-i])
			}
			kept = nil
		}
	}
	if what == "ignores SIGTERM" || what == "sleeps" {
		<-time.After(time.Hour)
	}
}

// program returns the options of a program of some kind.
func options(what string) Options {
	o := defaults()
	o.Command = []string{os.Args[0]}
	o.Env = pipeline.Pairs[string]{{Name: envProgram, Value: what}}
	return o
}

// lockedBuffer is a log.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func opened(t *testing.T, o Options) (*handler, *lockedBuffer) {
	t.Helper()
	log := &lockedBuffer{}
	h, err := open(t.Context(), pipeline.Env{Log: slog.New(slog.NewTextHandler(log, nil))}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h.(*handler), log
}

func numbers(n int) *pipeline.Batch {
	b := &pipeline.Batch{}
	for i := range n {
		r := b.Add(8)
		r.Key = fmt.Append(nil, "k", i)
		r.Set("n", pipeline.Int(int64(i)))
	}
	return b
}

// handle handles a batch, and alone what the handler has not come to, and
// returns what became of its records.
func handle(t *testing.T, h *handler, b *pipeline.Batch) (results []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out pipeline.Results
	out.Reset(b)
	if err := h.Handle(ctx, b, &out); err != nil {
		t.Fatal(err)
	}
	for from, r := range out.All() {
		results = append(results, fmt.Sprint(from, r.Value))
	}
	for i := range b.Records {
		if f := b.Records[i].Failure; f == nil || f.Err != pipeline.ErrUntried {
			continue
		}
		b.Records[i].Failure = nil
		one := &pipeline.Batch{Records: b.Records[i : i+1]}
		out.Reset(one)
		if err := h.Handle(ctx, one, &out); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.All() {
			results = append(results, fmt.Sprint(i, r.Value))
		}
	}
	for i := range b.Records {
		if f := b.Records[i].Failure; f != nil {
			results = append(results, fmt.Sprint(i, " fails: ", f.Err, ", for good: ", pipeline.IsPermanent(f.Err)))
		}
	}
	return results
}

// tenfold is what most programs make of the numbers 0 to n-1.
func tenfold(n int, without ...int) (want []string) {
	for i := range n {
		if len(without) == 0 || i != without[0] {
			want = append(want, fmt.Sprintf("%d {n: %d}", i, i*10))
		}
	}
	return want
}

func TestPrograms(t *testing.T) {
	for what, c := range map[string]struct {
		want    []string
		logs    string
		timeout time.Duration
	}{
		"is good":           {want: tenfold(10)},
		"answers backwards": {want: tenfold(10)},
		"prints rubbish":    {want: tenfold(10), logs: "a line that is no answer"},
		"answers NaN":       {want: append(tenfold(10, 3), "3 fails: the program's answer is no JSON: invalid JSON at byte 18: field value: wants a value, not 'N', for good: true")},
		"never ends a line": {want: append(tenfold(10, 3), "3 fails: the program writes a line that is longer than 64 MiB, and is killed, for good: false")},
		"floods":            {want: tenfold(10), logs: "more than 100 lines in a second"},
		"forks":             {want: tenfold(10)},
		"ignores SIGTERM":   {want: tenfold(10)},
		"is killed once":    {want: tenfold(10), logs: "signal: killed"},
		"exits": {want: append(tenfold(10, 3), "3 fails: the program has ended: exit status 7; it said: no threes, for good: false"),
			logs: "no threes"},
		"hangs": {want: append(tenfold(10, 3), "3 fails: the program gives no answer in time (200ms), for good: false"),
			logs: "is started again", timeout: 200 * time.Millisecond},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := options(what)
			o.Env = append(o.Env, pipeline.Pair[string]{Name: "MARK", Value: t.TempDir() + "/mark"})
			o.Timeout, o.Stop = c.timeout, 50*time.Millisecond
			h, log := opened(t, o)
			if diff := cmp.Diff(c.want, handle(t, h, numbers(10))); diff != "" {
				t.Error(diff)
			}
			if err := errors.Join(h.Close(), h.Close()); err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), c.logs) {
				t.Errorf("logged:\n%.2000s", log)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	h, _ := opened(t, options("answers"))
	b := numbers(7)
	want := []string{"1 1", "1 2", "4 null", "2 fails: no, for good: true", "3 fails: busy, for good: false",
		`5 fails: the answer's "records" are not a list, but of type int, for good: true`,
		`6 fails: the answer's "time": wants a time such as 2021-01-01T00:00:00Z, not "x", for good: true`}
	if diff := cmp.Diff(want, handle(t, h, b)); diff != "" {
		t.Error(diff)
	}
	if b.Records[4].Key != nil || string(b.Records[3].Key) != "k3" {
		t.Errorf("keys: %q, %q", b.Records[4].Key, b.Records[3].Key)
	}
}

// The program is given few records at a time, a value that JSON can't say fails
// alone, and further batches go to the same program.
func TestBatches(t *testing.T) {
	o := options("is good")
	o.Batch = 3
	h, _ := opened(t, o)
	first := h.program
	for range 3 {
		b := numbers(10)
		b.Records[5].Set("n", pipeline.Bytes([]byte{1}))
		b.Records[5].Value = pipeline.String("\xff")
		want := append(tenfold(10, 5), "5 fails: text is not UTF-8: \"\\xff\", for good: true")
		if diff := cmp.Diff(want, handle(t, h, b)); diff != "" {
			t.Error(diff)
		}
	}
	if h.program != first {
		t.Error("the program was started again")
	}
}

// A program that ends before it reads is no record's fault, whatever record it
// is called with, and is not started for ever.
func TestNeverStarts(t *testing.T) {
	h, _ := opened(t, options("never starts"))
	for range 2 {
		b := numbers(3)
		var out pipeline.Results
		out.Reset(b)
		err := h.Handle(t.Context(), b, &out)
		want := "the program has ended: exit status 1; it has been started 3 times, and ends before it is given a record: try it in a shell: " +
			os.Args[0] + "; it said:\nline 1\n    ^^^\nSyntaxError"
		if err == nil || err.Error() != want || !pipeline.IsFatal(err) || !pipeline.IsPermanent(err) {
			t.Errorf("error: %v", err)
		}
	}
}

// Among the transforms it is a handler, too: log lines and errors say so.
func TestKindAmongTransforms(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte("handler: {exec: {command: [sh]}}"), &doc); err != nil {
		t.Fatal(err)
	}
	bound, err := pipeline.BindTransform(pipeline.Node{YAML: doc.Content[0]})
	if err != nil || bound.Kind != "handler" || bound.Name != "exec" {
		t.Errorf("%+v, %v", bound, err)
	}
}

// What a program says at its end does not delay it.
func TestSaysGoodbye(t *testing.T) {
	o := defaults()
	o.Command = []string{"sh", "-c", `while read -r l; do :; done; for i in 1 2 3 4 5 6 7 8 9; do echo bye; sleep 0.01; done`}
	o.Stop = time.Minute
	h, _ := opened(t, o)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// A context that is done ends the program and what it does; the next batch has
// a new one.
func TestContext(t *testing.T) {
	late, cancelLate := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancelLate()
	stopped, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	for logs, ctx := range map[string]context.Context{
		"it has not answered within the timeout": late,
		"its records will be read again":         stopped,
	} {
		h, log := opened(t, options("hangs"))
		b := numbers(10)
		var out pipeline.Results
		out.Reset(b)
		if err := h.Handle(ctx, b, &out); err == nil || !errors.Is(err, ctx.Err()) {
			t.Error(err)
		}
		if diff := cmp.Diff(tenfold(3), handle(t, h, numbers(3))); diff != "" {
			t.Error(diff)
		}
		if !strings.Contains(log.String(), logs) {
			t.Errorf("no %q in:\n%s", logs, log)
		}
	}
}
