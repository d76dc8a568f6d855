package file

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/compress/compresstest"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// options are the defaults, changed.
func options(change func(o *Options)) Options {
	o := defaults()
	if change != nil {
		change(&o)
	}
	return o
}

func testEnv() pipeline.Env {
	return pipeline.Env{Log: slog.New(slog.DiscardHandler), Stdin: strings.NewReader("")}
}

// readAll returns every record, a line each: its origin, time and value, or
// its failure and raw text.
func readAll(t testing.TB, env pipeline.Env, o Options) ([]string, []pipeline.Origin, error) {
	t.Helper()
	if err := o.Validate(); err != nil {
		return nil, nil, err
	}
	s, err := open(t.Context(), env, o)
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	got, origins := []string{}, []pipeline.Origin{}
	b := pipeline.NewBatch(3, 0)
	for {
		b.Reset()
		err := s.Read(t.Context(), b)
		if err == io.EOF {
			return got, origins, nil
		}
		if err != nil {
			return got, origins, err
		}
		for i := range b.Records {
			got, origins = append(got, show(&b.Records[i])), append(origins, b.Records[i].Origin)
		}
	}
}

func show(r *pipeline.Record) string {
	at := fmt.Sprintf("%s:%d@%d", filepath.Base(r.Origin.Source), r.Origin.Line, r.Origin.Offset)
	if r.Failure != nil {
		return fmt.Sprintf("%s FAILED %v <%s>", at, r.Failure.Err, r.Raw)
	}
	if r.Time.IsZero() {
		return fmt.Sprintf("%s %v", at, r.Value)
	}
	return fmt.Sprintf("%s %s %v", at, r.Time.Format(time.RFC3339Nano), r.Value)
}

// write makes a file in dir and returns its path.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func lines(o *Options) { o.Format = "lines" }

func times(field, format string) func(o *Options) {
	return func(o *Options) { o.Timestamp, o.TimeFormat = field, format }
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name   string
		text   string
		change func(o *Options)
		want   []string
	}{
		{"empty", "", nil, []string{}},
		{"empty, with a timestamp", "\n", times("t", ""), []string{}},
		{"values of all kinds", `{"a":1,"b":[1.5,null,true],"c":{"d":"x"}}` + "\n7\r\n\"s\"\n[]\nnull", nil, []string{
			`a.jsonl:1@0 {a: 1, b: [1.5 null true], c: {d: "x"}}`, `a.jsonl:2@42 7`, `a.jsonl:3@45 "s"`, `a.jsonl:4@49 []`, `a.jsonl:5@52 null`}},
		{"blank lines", "\n \t\r\n{}\n\n", nil, []string{`a.jsonl:3@5 {}`}},
		{"byte order mark", "\xef\xbb\xbf{\"a\":1}\n", nil, []string{`a.jsonl:1@3 {a: 1}`}},
		{"bad lines", "{\"a\":1}\n{\"a\":}\n{\"a\":1} 2\n[\n{\"a\":2}\n", nil, []string{
			`a.jsonl:1@0 {a: 1}`,
			`a.jsonl:2@8 FAILED invalid JSON at byte 6: field a: wants a value, not '}' <{"a":}>`,
			`a.jsonl:3@15 FAILED invalid JSON at byte 9: wants the end, not '2' <{"a":1} 2>`,
			`a.jsonl:4@25 FAILED invalid JSON at byte 2: field [0]: wants a value, not the end <[>`,
			`a.jsonl:5@27 {a: 2}`}},
		{"lines", "a, b \r\n\n\tc\xff\nlast", lines, []string{
			`a.jsonl:1@0 "a, b "`, `a.jsonl:2@7 ""`, `a.jsonl:3@8 "\tc\xff"`, `a.jsonl:4@12 "last"`}},
		{"too long", "\"345678\"\n\"3456789\"\n1\n" + strings.Repeat("x", 70_000), func(o *Options) { o.MaxLine = 8 }, []string{
			`a.jsonl:1@0 "345678"`, `a.jsonl:2@9 FAILED the line is longer than max_line (8) <"3456789">`, `a.jsonl:3@19 1`,
			`a.jsonl:4@21 FAILED the line is longer than max_line (8); its first 1024 bytes are kept <` + strings.Repeat("x", longLineKept) + `>`}},
		{"event time, found", `{"t":"2021-01-01 00:00:00","v":1}` + "\n" + `{"v":2,"t":"2021-01-01 00:00:04"}` + "\n", times("t", ""), []string{
			`a.jsonl:1@0 2021-01-01T00:00:00Z {t: "2021-01-01 00:00:00", v: 1}`,
			`a.jsonl:2@34 2021-01-01T00:00:04Z {v: 2, t: "2021-01-01 00:00:04"}`}},
		{"event time, numbers", `{"t":1609459200}` + "\n" + `{"t":1609459200.25}` + "\n" + `{"t":1.6094592e9}` + "\n" + `{"t":"1609459201"}` + "\n", times("t", ""), []string{
			`a.jsonl:1@0 2021-01-01T00:00:00Z {t: 1609459200}`, `a.jsonl:2@17 2021-01-01T00:00:00.25Z {t: 1609459200.25}`,
			`a.jsonl:3@37 2021-01-01T00:00:00Z {t: 1609459200.0}`, `a.jsonl:4@55 2021-01-01T00:00:01Z {t: "1609459201"}`}},
		{"event time, told", `{"t":0}` + "\n" + `{"t":1500.0}` + "\n", times("t", "unix_ms"), []string{
			`a.jsonl:1@0 1970-01-01T00:00:00Z {t: 0}`, `a.jsonl:2@8 1970-01-01T00:00:01.5Z {t: 1500.0}`}},
		{"event time, day first", `{"t":"03/04/2021"}` + "\n" + `{"t":"13/04/2021"}`, times("t", ""), []string{
			`a.jsonl:1@0 2021-04-03T00:00:00Z {t: "03/04/2021"}`, `a.jsonl:2@19 2021-04-13T00:00:00Z {t: "13/04/2021"}`}},
		{"time zone", `{"t":"2021-07-01 12:00:00"}`, func(o *Options) { o.Timestamp, o.Timezone = "t", "Europe/Berlin" }, []string{
			`a.jsonl:1@0 2021-07-01T10:00:00Z {t: "2021-07-01 12:00:00"}`}},
		{"bad event times", `{"t":"2021-01-01"}` + "\n" + `{"t":"2021-02-30"}` + "\n" + `{"t":null}` + "\n" + `{"u":1}` + "\n" + `{"t":[1]}` + "\n7\n" + `{"t":1e300}` + "\n", times("t", "%Y-%m-%d"), []string{
			`a.jsonl:1@0 2021-01-01T00:00:00Z {t: "2021-01-01"}`,
			`a.jsonl:2@19 FAILED field "t": "2021-02-30" is not a time of format %Y-%m-%d: February 2021 has no day 30 <{"t":"2021-02-30"}>`,
			`a.jsonl:3@38 FAILED field "t", the event time, is of type null <{"t":null}>`,
			`a.jsonl:4@49 FAILED the record has no field "t"; it has u <{"u":1}>`,
			`a.jsonl:5@57 FAILED field "t", the event time, is of type list <{"t":[1]}>`,
			`a.jsonl:6@67 FAILED the record's value is not a struct with named fields but of type int <7>`,
			`a.jsonl:7@69 FAILED field "t": "1e+300" is not a time of format %Y-%m-%d: no year at character 1 <{"t":1e300}>`}},
		{"none of the first lines can be read", "x\n", times("t", ""), []string{
			`a.jsonl:1@0 FAILED invalid JSON at byte 1: wants a value, not 'x' <x>`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(tc.change)
			o.Path = []string{write(t, t.TempDir(), "a.jsonl", tc.text)}
			got, _, err := readAll(t, testEnv(), o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	for _, tc := range []struct{ name, text, says string }{
		{"unknown format", `{"t":"soon"}`, `a.jsonl: field "t": how are times such as "soon" written? say it with time_format, such as "%Y-%m-%d %H:%M:%S" or unix`},
		{"two dates", `{"t":"03/04/2021"}`, `a.jsonl: field "t": is "03/04/2021" day first or month first? say time_format: "%d/%m/%Y" or time_format: "%m/%d/%Y"`},
		{"binary", "a\x00b\n", `a.jsonl:1: this looks like a binary file, not text: it has zero bytes`},
		{"gzip without suffix", "\x1f\x8b\x08", `a.jsonl:1: this looks like gzip; name it .gz to have it decompressed`},
	} {
		o := options(times("t", ""))
		o.Path = []string{write(t, t.TempDir(), "a.jsonl", tc.text)}
		if _, _, err := readAll(t, testEnv(), o); err == nil || !strings.HasSuffix(err.Error(), tc.says) {
			t.Errorf("%s: got the error\n%v\nwant one that ends\n%v", tc.name, err, tc.says)
		}
	}
	o := options(func(o *Options) { o.Path = []string{filepath.Join(t.TempDir(), "none*")} })
	if _, _, err := readAll(t, testEnv(), o); err == nil || !strings.Contains(err.Error(), "no file matches") {
		t.Errorf("got %v", err)
	}
}

// What is paced needs event times; this is said before anything is read.
func TestPaceWithoutEventTime(t *testing.T) {
	env := testEnv()
	env.Paced = true
	_, _, err := readAll(t, env, options(func(o *Options) { o.Path = []string{write(t, t.TempDir(), "a.jsonl", "{}")} }))
	if err == nil || !strings.HasPrefix(err.Error(), "pace: goes by the event time") || !pipeline.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
}

const nasty = "\xef\xbb\xbf{\"t\":\"2021-01-01\",\"n\":1}\r\n\n{\"t\":}\n" +
	`{"t":"2021-01-02","long":"--------------------------------------------"}` + "\n" + `{"t":"2021-01-03"}` + "\n" + `{"t":"2021-01-04"}`

// packed writes a file as it is and compressed, and returns the paths.
func packed(t *testing.T, text string) []string {
	t.Helper()
	return compresstest.Write(t, t.TempDir(), "a.jsonl", text)
}

// A run that goes on after any of the records gives those that follow it.
func TestResume(t *testing.T) {
	for _, path := range packed(t, nasty) {
		for _, format := range []string{"json", "lines"} {
			o := options(func(o *Options) {
				o.Path, o.MaxLine, o.Format = []string{path, write(t, t.TempDir(), "b.jsonl", "1\n2\n")}, 60, format
			})
			all, origins, err := readAll(t, testEnv(), o)
			if err != nil || len(all) < 7 {
				t.Fatalf("%s: %v: %s", path, err, strings.Join(all, "\n"))
			}
			for i := range origins {
				env := testEnv()
				for _, at := range origins[:i+1] {
					env.Position = env.Position.Advance(at)
				}
				got, _, err := readAll(t, env, o)
				if diff := cmp.Diff(all[i+1:], got); err != nil || diff != "" {
					t.Errorf("%s, %s, after record %d: %v (-want +got):\n%s", path, format, i, err, diff)
				}
			}
		}
	}
}

func TestProgressAndEnd(t *testing.T) {
	text := strings.Repeat(`{"t":"2021-01-01 00:00:00","v":12345}`+"\n", 20_000) + `{"t":"2021-01-01 00:00:05"}` + "\n\n"
	s, err := open(t.Context(), testEnv(), options(func(o *Options) {
		o.Path, o.Timestamp = []string{write(t, t.TempDir(), "a.jsonl", text)}, "t"
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if end, known := s.(pipeline.Ender).End(); !known || !end.Equal(time.Date(2021, 1, 1, 0, 0, 5, 0, time.UTC)) {
		t.Errorf("the end is %v, %v", end, known)
	}
	last := 0.0
	for b := (pipeline.Batch{}); s.Read(t.Context(), &b) == nil; b.Reset() {
		o := b.Records[len(b.Records)-1].Origin
		share, known := s.(pipeline.Progresser).Progress(o)
		if want := float64(o.Offset) / float64(len(text)); !known || share < want-0.01 || share > want+0.01 {
			t.Fatalf("%v: progress %v, %v, want %v", o, share, known, want)
		}
		last = share
	}
	if last < 0.99 {
		t.Errorf("progress %v at the end", last)
	}
	for _, text := range []string{"", `{"t":"2021-01-01"}`, `{"t":"2021-01-01"}` + "\n" + `{"t":`, `{"t":"2021-01-01"}` + "\n{}\n"} {
		s, err := open(t.Context(), testEnv(), options(func(o *Options) {
			o.Path, o.Timestamp = []string{write(t, t.TempDir(), "a.jsonl", text)}, "t"
		}))
		if err != nil {
			t.Fatal(err)
		}
		if end, known := s.(pipeline.Ender).End(); known {
			t.Errorf("%q: the end is %v", text, end)
		}
		s.Close()
	}
}

// Lines that come slowly are passed on as they come, also while the format of
// their times is looked for.
func TestStdinDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			for _, text := range []string{"{\"t\":\"2021-01-01\"}\n{\"t\":\"2021-01-", "02\"}\n", "{\"t\":\"2021-01-03\"}"} {
				time.Sleep(time.Hour)
				io.WriteString(w, text)
			}
			w.Close()
		}()
		env := testEnv()
		env.Stdin = r
		s, err := open(t.Context(), env, options(func(o *Options) { o.Path, o.Timestamp = []string{textfile.Stdin}, "t" }))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		began := time.Now()
		var got []string
		for b := (pipeline.Batch{}); ; b.Reset() {
			if err := s.Read(t.Context(), &b); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%.0f: %s", time.Since(began).Truncate(time.Hour).Hours(), show(&b.Records[0])))
		}
		want := []string{`1: -:1@0 2021-01-01T00:00:00Z {t: "2021-01-01"}`, `2: -:2@19 2021-01-02T00:00:00Z {t: "2021-01-02"}`, `3: -:3@38 2021-01-03T00:00:00Z {t: "2021-01-03"}`}
		if !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

// What is followed is read line by line, and a line when it is whole.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path, o.Timestamp, o.Follow = []string{path}, "t", true }))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	text := ""
	for _, step := range []struct{ add, want string }{
		{"{\"t\":1609459200}\n{\"t\":", `a.jsonl:1@0 2021-01-01T00:00:00Z {t: 1609459200}`},
		{"1609459201}\n", `a.jsonl:2@17 2021-01-01T00:00:01Z {t: 1609459201}`},
		{"{\"t\":1609459202}\n", `a.jsonl:3@34 2021-01-01T00:00:02Z {t: 1609459202}`},
	} {
		text += step.add
		write(t, filepath.Dir(path), "a.jsonl", text)
		var b pipeline.Batch
		if err := s.Read(ctx, &b); err != nil {
			t.Fatal(err)
		}
		if got := show(&b.Records[0]); got != step.want || len(b.Records) != 1 {
			t.Errorf("got %d records, %s, want %s", len(b.Records), got, step.want)
		}
	}
}
