package print_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/print"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func bind(t testing.TB, text string) (*pipeline.Bound[pipeline.Sink], error) {
	t.Helper()
	return pipeline.BindSink(plugintest.Node(t, text))
}

func open(t testing.TB, text string, stdout io.Writer) pipeline.Sink {
	t.Helper()
	bound, err := bind(t, text)
	if err != nil {
		t.Fatal(err)
	}
	sink, err := bound.Open(context.Background(), pipeline.Env{Stdout: stdout})
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// write writes b and returns what the sink makes of it.
func write(ctx context.Context, sink pipeline.Sink, b *pipeline.Batch) error {
	result := make(chan error, 1)
	sink.Write(ctx, b, func(err error) { result <- err })
	return <-result
}

// writes counts the calls of Write.
type writes struct {
	bytes.Buffer
	calls int
}

func (w *writes) Write(p []byte) (int, error) {
	w.calls++
	return w.Buffer.Write(p)
}

func reading(b *pipeline.Batch, at time.Time, key string, value float64) {
	r := b.Add(0)
	r.Time, r.Key = at, []byte(key)
	r.Set("2021-01-01 00:00:00", pipeline.Float(value))
}

func TestPrint(t *testing.T) {
	at := time.Date(2021, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3600))
	batch := func(b *pipeline.Batch) {
		reading(b, at, "kitchen", 51)
		*b.Add(0) = pipeline.Record{Value: pipeline.String("two\nlines"), Key: []byte("\x1b[2J")}
		*b.Add(0) = pipeline.Record{Value: pipeline.Bytes([]byte("Zürich"))}
		*b.Add(0) = pipeline.Record{Value: pipeline.Int(42)}
		*b.Add(0) = pipeline.Record{Raw: []byte(`{"not": "decoded"}`)}
		*b.Add(0) = pipeline.Record{Raw: []byte{0xff, 0x00}}
		*b.Add(0) = pipeline.Record{Raw: []byte(`null`)}
		*b.Add(0) = pipeline.Record{}
	}
	for _, test := range []struct{ options, want string }{
		{`print`, `{"2021-01-01 00:00:00":51.0}
"two\nlines"
"WsO8cmljaA=="
42
"{\"not\": \"decoded\"}"
"/wA="
null
null
`},
		{`print: {format: text, time: none}`, `{"2021-01-01 00:00:00": 51.0}
"two\nlines"
Zürich
42
{"not": "decoded"}
"\xff\x00"
null
null
`},
		{`print: {format: text, time: event, key: true}`, `2021-01-02 02:04:05.006 kitchen {"2021-01-01 00:00:00": 51.0}
- "\x1b[2J" "two\nlines"
- - Zürich
- - 42
- - {"not": "decoded"}
- - "\xff\x00"
- - null
- - null
`},
	} {
		t.Run(test.options, func(t *testing.T) {
			var out writes
			sink := open(t, test.options, &out)
			defer sink.Close()
			var b pipeline.Batch
			batch(&b)
			if err := write(t.Context(), sink, &b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Error(diff)
			}
			if out.calls != 1 {
				t.Errorf("a batch is %d writes, want 1", out.calls)
			}
		})
	}
}

func TestPrintWallTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		sink := open(t, `print: {format: text}`, &out)
		defer sink.Close()
		var b pipeline.Batch
		reading(&b, time.Time{}, "", 51)
		if err := write(t.Context(), sink, &b); err != nil {
			t.Fatal(err)
		}
		want := time.Now().Format("2006-01-02 15:04:05.000") + ` {"2021-01-01 00:00:00": 51.0}` + "\n"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPrintBadRecord(t *testing.T) {
	var out bytes.Buffer
	sink := open(t, `print`, &out)
	defer sink.Close()
	var b pipeline.Batch
	for _, f := range []float64{1, math.NaN(), 2} {
		b.Add(0).Set("a", pipeline.Float(f))
	}
	if err := write(t.Context(), sink, &b); err != nil {
		t.Fatal(err)
	}
	if want := "{\"a\":1.0}\n{\"a\":2.0}\n"; out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
	for i, r := range b.Records {
		if failed := r.Failure != nil; failed != (i == 1) {
			t.Errorf("record %d: %v", i, r.Failure)
		}
	}
	if f := b.Records[1].Failure; !pipeline.IsPermanent(f.Err) || f.Err.Error() != "field a: JSON can't express the float NaN" {
		t.Error(f.Err)
	}
}

func TestOptions(t *testing.T) {
	for _, test := range []struct{ sink, want string }{
		{`print: {format: xml}`, `t.yaml:1:9: format: wants json or text, not "xml"`},
		{`print: {format: text, time: later}`, `t.yaml:1:23: time: wants now, event or none, not "later"`},
		{`print: {time: now}`, `t.yaml:1:9: time: is for format: text`},
		{`print: {key: true}`, `t.yaml:1:9: key: is for format: text`},
		{`print: {codec: json}`, `t.yaml:1:9: unknown option "codec"; there are format, time, key`},
	} {
		if _, err := bind(t, test.sink); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.sink, err, test.want)
		}
	}
}

func BenchmarkPrint(b *testing.B) {
	for _, options := range []string{`print`, `print: {format: text, key: true}`} {
		b.Run(options, func(b *testing.B) {
			sink := open(b, options, io.Discard)
			defer sink.Close()
			var batch pipeline.Batch
			for range 1000 {
				reading(&batch, time.Time{}, "kitchen", 51)
			}
			b.ReportAllocs()
			for b.Loop() {
				sink.Write(b.Context(), &batch, func(err error) {
					if err != nil {
						b.Fatal(err)
					}
				})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
		})
	}
}
