package cmd

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/freeport"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topic returns the address of a broker, with a client that has made the
// topic t of these messages, if there are any.
func topic(t *testing.T, messages ...*kgo.Record) (addr string, client *kgo.Client) {
	t.Helper()
	b, err := kafka.StartBroker(kafka.BrokerConfig{Listen: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	client = connect(t, b.Addr())
	if len(messages) > 0 {
		createTopic(t, client)
		send(t, client, messages...)
	}
	return b.Addr(), client
}

func send(t *testing.T, client *kgo.Client, messages ...*kgo.Record) {
	t.Helper()
	for _, m := range messages {
		m.Topic = "t"
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.ProduceSync(ctx, messages...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func createTopic(t *testing.T, client *kgo.Client) {
	t.Helper()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
}

func deleteTopic(t *testing.T, client *kgo.Client) {
	t.Helper()
	if _, err := kadm.NewClient(client).DeleteTopics(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
}

// shown returns what tail prints of all that is there.
func shown(t *testing.T, code int, broker string, args ...string) (stdout string, p *process) {
	t.Helper()
	p = command(t, t.TempDir(), broker, append([]string{"tail", "t", "--until-end"}, args...)...)
	out := &transcript{}
	p.Stdout = out
	p.start()
	p.exits(code)
	return out.String(), p
}

func TestTailShows(t *testing.T) {
	t.Parallel()
	at := time.Date(2021, 1, 2, 3, 4, 5, 678e6, time.UTC)
	addr, _ := topic(t,
		&kgo.Record{Key: []byte("a"), Value: []byte(`{"b": 1.0, "a":[null, "ü\u0001"]}`), Timestamp: at},
		&kgo.Record{Value: []byte("two\nlines"), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}, {Key: "h"}}},
		&kgo.Record{Key: []byte{0xff}, Value: []byte{0xff, 0x00}, Timestamp: at},
		&kgo.Record{Key: []byte{}, Value: nil, Timestamp: at},
		&kgo.Record{Value: []byte{}, Timestamp: at},
		&kgo.Record{Value: []byte(" null"), Timestamp: at},
		&kgo.Record{Value: []byte("12"), Timestamp: at},
	)
	out, p := shown(t, 0, addr)
	want := `{"b":1.0,"a":[null,"ü\u0001"]}
"two\nlines"
"/wA="
null
""
null
12
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(p.stderr.String(), "not all values are JSON"); n != 1 {
		t.Errorf("it is said %d times that not all values are JSON", n)
	}
	out, _ = shown(t, 0, addr, "--verbose", "--limit", "4")
	want = `{"topic":"t","partition":0,"offset":0,"timestamp":"2021-01-02T03:04:05.678Z","key":"a","headers":[],"value":{"b":1.0,"a":[null,"ü\u0001"]}}
{"topic":"t","partition":0,"offset":1,"timestamp":"2021-01-02T03:04:05.678Z","key":null,"headers":[{"key":"h","value":"1"},{"key":"h","value":null}],"value":"two\nlines"}
{"topic":"t","partition":0,"offset":2,"timestamp":"2021-01-02T03:04:05.678Z","key":"/w==","headers":[],"value":"/wA="}
{"topic":"t","partition":0,"offset":3,"timestamp":"2021-01-02T03:04:05.678Z","key":"","headers":[],"value":null}
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

// A value that the codec can't read is not silently left out.
func TestTailOtherCodec(t *testing.T) {
	t.Parallel()
	addr, _ := topic(t, &kgo.Record{Value: []byte("1")}, &kgo.Record{Value: []byte("x")}, &kgo.Record{Value: []byte("2")})
	out, p := shown(t, 1, addr, "--codec", "json")
	if out != "1\n2\n" {
		t.Errorf("it prints %q", out)
	}
	p.says("t[0]@1")
	p.says("pipeline: 1 record could not be shown")
}

// Every record is printed as soon as it is there, also of a topic that is new,
// and of one that is made anew.
func TestTailFollows(t *testing.T) {
	t.Parallel()
	addr, client := topic(t)
	p := command(t, t.TempDir(), addr, "tail", "t")
	out := &transcript{}
	p.Stdout = out
	p.start()
	p.says("waiting for topics that don't exist yet")
	createTopic(t, client)
	for _, text := range []string{"1", "22", "333"} {
		send(t, client, &kgo.Record{Value: []byte(text)})
		if !out.await(text + "\n") {
			t.Fatalf("it doesn't print %s", text)
		}
	}
	deleteTopic(t, client) // as a broker in memory that is started again has it
	createTopic(t, client)
	send(t, connect(t, addr), &kgo.Record{Value: []byte("4444")}) // the other client knows the old one
	if !out.await("4444\n") {
		t.Fatal("it doesn't print what the new topic holds")
	}
	p.signal(os.Interrupt)
	p.exits(0)
	if n := strings.Count(p.stderr.String(), "waiting for"); n != 1 {
		t.Errorf("it says %d times that it waits", n)
	}
}

// A reader that has gone ends it, though nothing happens in the topic.
func TestTailReaderGone(t *testing.T) {
	t.Parallel()
	addr, _ := topic(t, &kgo.Record{Value: []byte("1")})
	p := command(t, t.TempDir(), addr, "tail", "t", "--from", "beginning")
	r, w := pipe(t)
	p.Stdout = w
	p.start()
	_ = w.Close()
	if line := firstLine(t, r); line != "1" {
		t.Errorf("it prints %q", line)
	}
	_ = r.Close()
	p.exits(0)
}

// Of a reader that does not read, Ctrl-C takes no notice.
func TestTailReaderAsleep(t *testing.T) {
	t.Parallel()
	addr, client := topic(t, &kgo.Record{Value: []byte("1")})
	for range 10 {
		send(t, client, &kgo.Record{Value: []byte(strings.Repeat("x", 100_000))})
	}
	p := command(t, t.TempDir(), addr, "tail", "t", "--from", "beginning", "--codec", "raw")
	r, w := pipe(t)
	p.Stdout = w
	p.start()
	firstLine(t, r)
	p.signal(os.Interrupt)
	p.exits(0)
}

// The broker that it starts serves others.
func TestTailHosts(t *testing.T) {
	t.Parallel()
	addr := freeport.Addr()
	p := command(t, t.TempDir(), addr, "tail", "t", "-n", "2")
	out := &transcript{}
	p.Stdout = out
	p.start()
	p.says("started a Kafka broker on " + addr)
	p.says("waiting for topics that don't exist yet")
	replay := command(t, folder(t, map[string]string{"data.csv": "timestamp,value\n" + row + row}), addr, "replay", "data.csv", "t", "--speed", "max")
	replay.start()
	replay.exits(0)
	p.exits(0)
	if want := strings.Repeat(`{"timestamp":"2021-01-01 00:00:00","value":1}`+"\n", 2); out.String() != want {
		t.Errorf("it prints %q", out)
	}
}

var paintedValue = pipeline.Struct([]pipeline.Field{
	{Name: "a", Value: pipeline.Int(1)},
	{Name: "b\x1b", Value: pipeline.List([]pipeline.Value{pipeline.String("x\x1by"), pipeline.Float(2), pipeline.Null(), pipeline.Bool(true)})},
	{Name: "c", Value: pipeline.Bytes([]byte{0xff})},
	{Name: "d", Value: pipeline.Struct(nil)},
	{Name: "e", Value: pipeline.Time(time.Unix(0, 0))},
})

// Colours change nothing but the colours.
func TestPaintedJSON(t *testing.T) {
	plain, err := jsonvalue.Append(nil, paintedValue, jsonvalue.Compact)
	if err != nil {
		t.Fatal(err)
	}
	painted, err := appendPainted(nil, paintedValue)
	if err != nil {
		t.Fatal(err)
	}
	bare := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAll(painted, nil)
	if diff := cmp.Diff(string(plain), string(bare)); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(string(painted), "{\x1b[36m\"a\"\x1b[0m:\x1b[33m1\x1b[0m,") {
		t.Errorf("%q", painted)
	}
	if _, err := appendPainted(nil, pipeline.List([]pipeline.Value{pipeline.String("\xff")})); err == nil {
		t.Error("text that is not UTF-8 is painted")
	}
}

func BenchmarkTail(b *testing.B) {
	for _, c := range []struct {
		name   string
		value  string
		format tailFormat
	}{
		{"json", `{"timestamp":"2021-01-01 00:00:00.000","sensor":"s-0001","value":20.41,"quality":41}`, tailFormat{}},
		{"verbose", `{"timestamp":"2021-01-01 00:00:00.000","sensor":"s-0001","value":20.41,"quality":41}`, tailFormat{verbose: true}},
		{"painted", `{"timestamp":"2021-01-01 00:00:00.000","sensor":"s-0001","value":20.41,"quality":41}`, tailFormat{paint: true}},
		{"text", "2021-01-01 00:00:00.000 s-0001 20.41", tailFormat{}},
		{"bytes", "\x00\x00\x00\x01\xff\xfe 0123456789", tailFormat{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := guess{log: slog.New(slog.DiscardHandler)}
			r := pipeline.Record{Key: []byte("s-0001"), Raw: []byte(c.value), Time: time.Unix(1, 0)}
			var line []byte
			b.ReportAllocs()
			for b.Loop() {
				_ = g.Decode(r.Raw, &r.Value)
				line, _ = c.format.appendLine(line[:0], &r)
			}
		})
	}
}
