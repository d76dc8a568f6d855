package watermill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
	_ "github.com/pipeline-daemon/pipeline/plugins/codecs/json"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

// called is what the handler test does.
var called func(*message.Message) ([]*message.Message, error)

func init() {
	RegisterHandler("test", func(m *message.Message) ([]*message.Message, error) { return called(m) })
}

func openHandler(t *testing.T, options string) pipeline.Handler {
	t.Helper()
	bound, err := pipeline.BindHandler(plugintest.Node(t, options))
	if err != nil {
		t.Fatal(err)
	}
	h, err := bound.Open(t.Context(), pipeline.Env{Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func record(n int64) pipeline.Record {
	return pipeline.Record{Value: pipeline.Struct([]pipeline.Field{{Name: "n", Value: pipeline.Int(n)}}),
		Headers: []pipeline.Header{{Key: UUIDHeader, Value: fmt.Append(nil, "id-", n)}}}
}

// handle handles one record and returns what goes on, as text.
func handle(t *testing.T, h pipeline.Handler, r pipeline.Record) (results []string, err error) {
	t.Helper()
	b := &pipeline.Batch{Records: []pipeline.Record{r}}
	var out pipeline.Results
	out.Reset(b)
	if err := h.Handle(t.Context(), b, &out); err != nil {
		t.Fatal(err)
	}
	if f := b.Records[0].Failure; f != nil {
		return nil, f.Err
	}
	for _, r := range out.All() {
		text := fmt.Sprint(r.Value)
		for _, h := range r.Headers {
			text += fmt.Sprintf(" %s=%s", strings.TrimPrefix(h.Key, "_watermill_message_"), h.Value)
		}
		results = append(results, text)
	}
	return results, nil
}

func TestHandler(t *testing.T) {
	for name, c := range map[string]struct {
		call func(*message.Message) ([]*message.Message, error)
		want []string
		err  string
	}{
		"nothing": {call: func(*message.Message) ([]*message.Message, error) { return nil, nil }},
		"itself": {call: func(m *message.Message) ([]*message.Message, error) {
			m.Metadata.Set("a", "b")
			return []*message.Message{m}, nil
		}, want: []string{"{n: 7} uuid=id-7 a=b"}},
		"itself, changed": {call: func(m *message.Message) ([]*message.Message, error) {
			m.Payload = []byte(`{"m":1}`)
			return []*message.Message{m}, nil
		}, want: []string{"{m: 1} uuid=id-7"}},
		"others": {call: func(m *message.Message) ([]*message.Message, error) {
			return []*message.Message{message.NewMessage("x", []byte("1")), message.NewMessage("y", m.Payload)}, nil
		}, want: []string{"1 uuid=x", "{n: 7} uuid=y"}},
		"an error": {call: func(*message.Message) ([]*message.Message, error) { return nil, errors.New("no") }, err: "no"},
		"a nack": {call: func(m *message.Message) ([]*message.Message, error) {
			m.Nack()
			return nil, nil
		}, err: "the handler has nacked the message"},
		"an error after an ack": {call: func(m *message.Message) ([]*message.Message, error) {
			m.Ack()
			return nil, errors.New("late")
		}},
		"no JSON": {call: func(*message.Message) ([]*message.Message, error) {
			return []*message.Message{message.NewMessage("x", []byte("{"))}, nil
		}, err: `the handler has returned a payload that can't be decoded, "{": invalid JSON`},
	} {
		t.Run(name, func(t *testing.T) {
			called = c.call
			got, err := handle(t, openHandler(t, "test"), record(7))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (err != nil) != (c.err != "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}

// What a function returns has the key and the time of its record.
func TestResultKeepsKeyAndTime(t *testing.T) {
	called = func(m *message.Message) ([]*message.Message, error) {
		return []*message.Message{message.NewMessage("new", []byte(`{"n":2}`))}, nil
	}
	r := record(1)
	r.Key, r.Time = []byte("k"), time.Unix(1, 0)
	b := &pipeline.Batch{Records: []pipeline.Record{r}}
	var out pipeline.Results
	out.Reset(b)
	if err := openHandler(t, "test").Handle(t.Context(), b, &out); err != nil || out.Len() != 1 {
		t.Fatalf("%d results, %v", out.Len(), err)
	}
	for _, got := range out.All() {
		if string(got.Key) != "k" || !got.Time.Equal(r.Time) || got.Get("n").Int() != 2 {
			t.Errorf("key %q, time %v, value %v", got.Key, got.Time, got.Value)
		}
	}
}

func TestNoPublish(t *testing.T) {
	failure := errors.New("no")
	for _, want := range []error{nil, failure} {
		produced, err := NoPublish(func(*message.Message) error { return want })(message.NewMessage("id", nil))
		if produced != nil || err != want {
			t.Errorf("%v, %v, want %v", produced, err, want)
		}
	}
}

func TestMiddleware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		failing := func(times int) func(*message.Message) ([]*message.Message, error) {
			calls = 0
			return func(m *message.Message) ([]*message.Message, error) {
				if calls++; calls <= times {
					return nil, errors.New("not now")
				}
				return []*message.Message{m}, nil
			}
		}
		called = failing(2)
		got, err := handle(t, openHandler(t, "test: {middleware: [retry]}"), record(1))
		if err != nil || len(got) != 1 || calls != 3 {
			t.Errorf("retry: %v, %v after %d calls", got, err, calls)
		}

		called = func(*message.Message) ([]*message.Message, error) { panic("oh") }
		_, err = handle(t, openHandler(t, "test: {middleware: [recoverer]}"), record(1))
		if p := (*pipeline.PanicError)(nil); !errors.As(err, &p) || p.Value != "oh" || len(p.Stack) == 0 {
			t.Errorf("recoverer: %v", err)
		}

		called = func(m *message.Message) ([]*message.Message, error) {
			<-m.Context().Done()
			return nil, m.Context().Err()
		}
		before := time.Now()
		_, err = handle(t, openHandler(t, "test: {middleware: [{timeout: 3s}]}"), record(1))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != 3*time.Second {
			t.Errorf("timeout: %v after %v", err, time.Since(before))
		}

		called = func(m *message.Message) ([]*message.Message, error) {
			return []*message.Message{message.NewMessage("x", []byte("1"))}, nil
		}
		r := record(1)
		r.Headers = append(r.Headers, pipeline.Header{Key: "correlation_id", Value: []byte("c")})
		got, err = handle(t, openHandler(t, "test: {middleware: [correlation_id]}"), r)
		if diff := cmp.Diff([]string{"1 uuid=x correlation_id=c"}, got); diff != "" || err != nil {
			t.Errorf("correlation_id: %v %s", err, diff)
		}

		called = failing(1)
		h := openHandler(t, "test: {middleware: [{deduplicator: {window: 1m}}]}")
		if _, err = handle(t, h, record(1)); err == nil {
			t.Error("deduplicator: no error")
		}
		// One that has failed is no duplicate; the second one is, for a while.
		for i, want := range []int{1, 0, 1} {
			if i == 2 {
				time.Sleep(2 * time.Minute)
			}
			if got, err := handle(t, h, record(1)); err != nil || len(got) != want {
				t.Errorf("deduplicator: %v, %v, want %d", got, err, want)
			}
		}

		called = failing(2)
		h = openHandler(t, "test: {middleware: [{circuit_breaker: {failures: 2, timeout: 10s}}]}")
		for i, want := range []string{"not now", "not now", "circuit breaker is open", ""} {
			if i == 3 {
				time.Sleep(11 * time.Second)
			}
			if _, err := handle(t, h, record(1)); fmt.Sprint(err) != want && (err != nil || want != "") {
				t.Errorf("circuit_breaker: %v, want %q", err, want)
			}
		}

		called = failing(0)
		h = openHandler(t, "test: {middleware: [{throttle: {count: 2, per: 1s}}]}")
		before = time.Now()
		for range 4 {
			_, _ = handle(t, h, record(1))
		}
		if took := time.Since(before); took < 1900*time.Millisecond || took > 2100*time.Millisecond {
			t.Errorf("throttle: 4 in %v", took)
		}

		h = openHandler(t, "test: {middleware: [{throttle: {count: 1, per: 1h}}]}")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before = time.Now()
		var out pipeline.Results
		b := &pipeline.Batch{Records: []pipeline.Record{record(1)}}
		out.Reset(b)
		_ = h.Handle(ctx, b, &out)
		if took := time.Since(before); took > 2*time.Second {
			t.Errorf("throttle: a stop waits for %v", took)
		}
	})
}

// Middleware goes around a handler of the pipeline's own, too.
func TestAround(t *testing.T) {
	calls := 0
	inner := pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
		if calls++; calls == 1 {
			return errors.New("not now")
		}
		out.Keep()
		out.Add().Value = pipeline.String("more")
		return nil
	})
	var retry, correlate Middleware
	for name, m := range map[string]*Middleware{"{retry: {initial: 1ms}}": &retry, "correlation_id": &correlate} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(name), &n); err != nil {
			t.Fatal(err)
		}
		if err := m.DecodeOption(pipeline.Node{YAML: n.Content[0]}); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Around(t.Context(), pipeline.Env{Log: discard}, inner, HandlerOptions{Middleware: []Middleware{retry, correlate}})
	if err != nil {
		t.Fatal(err)
	}
	r := record(1)
	r.Headers = append(r.Headers, pipeline.Header{Key: "correlation_id", Value: []byte("c")})
	got, err := handle(t, h, r)
	if diff := cmp.Diff([]string{"{n: 1} uuid=id-1 correlation_id=c", `"more" uuid=id-1 correlation_id=c`}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// A message that is tried again within the chain is no duplicate.
func TestRetryAroundDeduplicator(t *testing.T) {
	for name, fails := range map[string]func() error{
		"error": func() error { return errors.New("passes") },
		"panic": func() error { panic("passes") },
	} {
		calls := 0
		called = func(m *message.Message) ([]*message.Message, error) {
			if calls++; calls == 1 {
				return nil, fails()
			}
			return []*message.Message{m}, nil
		}
		h := openHandler(t, "test: {middleware: [{retry: {retries: 3, initial: 1ms, max: 2ms, multiplier: 2}}, recoverer, {deduplicator: {window: 1m}}]}")
		results, err := handle(t, h, record(7))
		if calls != 2 || len(results) != 1 {
			t.Errorf("%s: called %d times, results %v, error %v; want 2 calls and 1 result", name, calls, results, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}
