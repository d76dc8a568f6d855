package file

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func bind(t testing.TB, options string) (*pipeline.Bound[pipeline.Sink], error) {
	t.Helper()
	return pipeline.BindSink(plugintest.Node(t, "file: "+options))
}

// try opens the sink, and returns its log too.
func try(t testing.TB, options string) (pipeline.Sink, *bytes.Buffer, error) {
	t.Helper()
	bound, err := bind(t, options)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	sink, err := bound.Open(context.Background(), pipeline.Env{Log: slog.New(slog.NewTextHandler(&log, nil))})
	return sink, &log, err
}

func mustOpen(t testing.TB, options string) pipeline.Sink {
	t.Helper()
	sink, _, err := try(t, options)
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// write writes b and returns what the sink makes of it.
func write(t testing.TB, sink pipeline.Sink, b *pipeline.Batch) error {
	t.Helper()
	result := make(chan error, 1)
	sink.Write(t.Context(), b, func(err error) { result <- err })
	return <-result
}

// batch makes a batch of records of these values.
func batch(values ...pipeline.Value) *pipeline.Batch {
	var b pipeline.Batch
	for _, v := range values {
		b.Add(0).Value = v
	}
	return &b
}

func structOf(names string, vs ...pipeline.Value) pipeline.Value {
	var fs []pipeline.Field
	for i, name := range strings.Split(names, ",") {
		fs = append(fs, pipeline.Field{Name: name, Value: vs[i]})
	}
	return pipeline.Struct(fs)
}

func contents(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFormats(t *testing.T) {
	at := time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)
	values := []pipeline.Value{
		structOf("time,sensor,value,n,ok,data", pipeline.Time(at), pipeline.String("kitchen"), pipeline.Float(51), pipeline.Int(-1), pipeline.Bool(true), pipeline.Bytes([]byte("x"))),
		structOf("time,sensor,value,n,ok,data", pipeline.String(""), pipeline.String("a,b"), pipeline.Null(), pipeline.String("\"quoted\""), pipeline.String("two\nlines"), pipeline.String("\r")),
		structOf("data,value,sensor", pipeline.Int(3), pipeline.Int(2), pipeline.Int(1)),
	}
	for _, test := range []struct{ options, want string }{
		{`{path: out.jsonl}`, `{"time":"2021-01-02T03:04:05Z","sensor":"kitchen","value":51.0,"n":-1,"ok":true,"data":"eA=="}
{"time":"","sensor":"a,b","value":null,"n":"\"quoted\"","ok":"two\nlines","data":"\r"}
{"data":3,"value":2,"sensor":1}
`},
		{`{path: out.csv}`, `time,sensor,value,n,ok,data
2021-01-02T03:04:05Z,kitchen,51.0,-1,true,x
"","a,b",,"""quoted""","two
lines","` + "\r" + `"
,1,2,,,3
`},
		{`{path: out.txt, format: csv}`, "time,sensor,value,n,ok,data\n2021"},
		{`{path: out.csv, format: json}`, `{"time":`},
		{`{path: OUT.NDJSON}`, `{"time":`},
		{`{path: out.json}`, `{"time":`},
	} {
		t.Run(test.options, func(t *testing.T) {
			t.Chdir(t.TempDir())
			sink := mustOpen(t, test.options)
			if err := write(t, sink, batch(values[0])); err != nil {
				t.Error(err)
			}
			if err := write(t, sink, batch(values[1:]...)); err != nil {
				t.Error(err)
			}
			if err := sink.Close(); err != nil {
				t.Error(err)
			}
			files, err := filepath.Glob("*")
			if err != nil || len(files) != 1 {
				t.Fatal("files left behind:", files, err)
			}
			got := contents(t, files[0])
			if !strings.HasSuffix(test.want, "\n") {
				got = got[:len(test.want)]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBadRecords(t *testing.T) {
	for _, test := range []struct {
		path   string
		values []pipeline.Value
		errors []string // of each record; empty: none
		want   string
	}{
		{"out.jsonl", []pipeline.Value{structOf("a", pipeline.Int(1)), structOf("a", pipeline.Float(math.NaN())), structOf("a", pipeline.Int(2))},
			[]string{"", "field a: JSON can't express the float NaN", ""}, "{\"a\":1}\n{\"a\":2}\n"},
		{"out.jsonl", []pipeline.Value{structOf("a", pipeline.String("\xff"))}, []string{`field a: text is not UTF-8: "\xff"`}, ""},
		{"out.csv", []pipeline.Value{
			pipeline.Int(1), pipeline.Struct(nil), structOf("x", pipeline.List(nil)), structOf("a,b", pipeline.Int(1), pipeline.Int(2)),
			structOf("a,c", pipeline.Int(1), pipeline.Int(2)), structOf("a,a", pipeline.Int(1), pipeline.Int(2)),
			structOf("a,b", pipeline.Struct(nil), pipeline.Int(2)), structOf("b", pipeline.Int(4)),
		}, []string{
			"a row of CSV wants a struct, not int", "the first record has no fields, which would be the header",
			"field x: a cell of CSV can't hold a list: use format: json", "",
			"field c is not in the header of out.csv, which has a, b: take it out with select or remove", "field a is there twice",
			"field a: a cell of CSV can't hold a struct: use format: json", "",
		}, "a,b\n1,2\n,4\n"},
	} {
		t.Run(test.path, func(t *testing.T) {
			t.Chdir(t.TempDir())
			sink := mustOpen(t, "{path: "+test.path+"}")
			b := batch(test.values...)
			if err := write(t, sink, b); err != nil {
				t.Fatal(err)
			}
			for i, want := range test.errors {
				got := ""
				if f := b.Records[i].Failure; f != nil {
					got = f.Err.Error()
					if !pipeline.IsPermanent(f.Err) {
						t.Errorf("record %d would be tried again", i)
					}
				}
				if got != want {
					t.Errorf("record %d: got %q, want %q", i, got, want)
				}
			}
			sink.Close()
			if got := contents(t, test.path); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestSingleColumn has a null, whose row must not be an empty line.
func TestSingleColumn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	sink := mustOpen(t, "{path: "+path+"}")
	if err := write(t, sink, batch(structOf("a", pipeline.Null()), structOf("a", pipeline.Int(1)))); err != nil {
		t.Error(err)
	}
	sink.Close()
	if got := contents(t, path); got != "a\n\"\"\n1\n" {
		t.Errorf("got %q", got)
	}
}

func TestModes(t *testing.T) {
	for _, test := range []struct {
		name, path, before, mode string
		want, err, log           string
	}{
		{name: "create", path: "new.jsonl", before: "-", want: "NEW"},
		{name: "create, empty", want: "NEW"},
		{name: "create, not empty", before: "x", want: "x", err: "out.jsonl exists and is not empty: remove it, or set mode: append or mode: overwrite"},
		{name: "overwrite", mode: "overwrite", before: "{\"old\":1}\n", want: "NEW"},
		{name: "overwrite, new", path: "new.jsonl", mode: "overwrite", before: "-", want: "NEW"},
		{name: "append, new", path: "new.jsonl", mode: "append", before: "-", want: "NEW"},
		{name: "append, empty", mode: "append", want: "NEW"},
		{name: "append", mode: "append", before: "{\"old\":1}\n", want: "{\"old\":1}\nNEW"},
		{name: "append, cut off", mode: "append", before: "{\"old\":1}\n{\"old\":", want: "{\"old\":1}\nNEW", log: "bytes=7"},
		{name: "append, only a cut line", mode: "append", before: "{\"old\":", want: "NEW", log: "bytes=7"},
		{name: "append, end of line missing", mode: "append", before: "{\"old\":1}\n[2]", want: "{\"old\":1}\n[2]\nNEW"},
		{name: "append, not JSON", mode: "append", before: "{\"old\":1}\nDear Sir", want: "{\"old\":1}\nDear Sir", err: `out.jsonl: is not JSON Lines: it ends with "Dear Sir"`},
		{name: "append, far too long a line", mode: "append", before: strings.Repeat("x", maxLine+2*blockSize), want: strings.Repeat("x", maxLine+2*blockSize),
			err: "out.jsonl: has no end of line in its last 16777216 bytes"},
		{name: "no folder", path: "none/out.jsonl", before: "-", err: "open none/out.jsonl: no such file or directory: make the folder none first"},
		{name: "a folder", path: ".", before: "-", err: "open .: is a directory"},
		{name: "a device", path: os.DevNull, before: "-", mode: "overwrite", err: os.DevNull + " is not a regular file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if test.path == "" {
				test.path = "out.jsonl"
			}
			if test.before != "-" {
				if err := os.WriteFile(test.path, []byte(test.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if test.mode == "" {
				test.mode = "create"
			}
			sink, log, err := try(t, "{path: "+test.path+", format: json, mode: "+test.mode+"}")
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("got %v, want %s", err, test.err)
				}
			} else if err != nil {
				t.Fatal(err)
			} else {
				if err := write(t, sink, batch(structOf("new", pipeline.Int(2)))); err != nil {
					t.Error(err)
				}
				sink.Close()
			}
			if test.want != "" {
				if got := strings.ReplaceAll(contents(t, test.path), "{\"new\":2}\n", "NEW"); got != test.want {
					t.Errorf("got %.99q, want %.99q", got, test.want)
				}
			}
			if !strings.Contains(log.String(), test.log) || test.log == "" && log.Len() > 0 {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	for _, test := range []struct{ options, want string }{
		{`{}`, `t.yaml:1:7: path: wants a file's name`},
		{`{path: "-"}`, `t.yaml:1:8: path: for standard output use the sink print`},
		{`{path: out}`, `t.yaml:1:8: path: out has no suffix that says a format (.jsonl, .ndjson, .json or .csv): set format`},
		{`{path: out.jsonl.gz}`, `t.yaml:1:8: path: out.jsonl.gz would be plain text: this sink doesn't compress; leave out .gz, and compress the file once it is complete`},
		{`{path: out.ZST, format: csv}`, `t.yaml:1:8: path: out.ZST would be plain text: this sink doesn't compress; leave out .ZST, and compress the file once it is complete`},
		{`{path: out.csv, format: xml}`, `t.yaml:1:23: format: wants json or csv, not "xml"`},
		{`{path: out.csv, mode: replace}`, `t.yaml:1:23: mode: wants create, append or overwrite, not "replace"`},
		{`{path: out.csv, mod: append}`, `t.yaml:1:23: unknown option "mod"; did you mean "mode"?`},
	} {
		if _, err := bind(t, test.options); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.options, err, test.want)
		}
	}
}
