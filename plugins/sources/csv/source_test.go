package csv

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/timestamp"
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
	return pipeline.Env{Log: slog.New(slog.DiscardHandler), Pipeline: "test", Stdin: strings.NewReader("")}
}

// readAll returns every record, a line each: its origin, time and value, or
// its failure and raw text.
func readAll(t *testing.T, env pipeline.Env, o Options) ([]string, error) {
	t.Helper()
	if err := o.Validate(); err != nil {
		return nil, err
	}
	s, err := open(t.Context(), env, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var got []string
	b := pipeline.NewBatch(3, 0)
	for {
		b.Reset()
		err := s.Read(t.Context(), b)
		if err != nil && len(b.Records) > 0 {
			t.Errorf("an error goes with %d records", len(b.Records))
		}
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		if len(b.Records) == 0 {
			t.Fatal("an empty batch")
		}
		for i := range b.Records {
			got = append(got, show(&b.Records[i]))
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

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name   string
		text   string
		change func(o *Options)
		want   []string
	}{
		{"empty", "", nil, nil},
		{"blank lines only", "\n\r\n", nil, nil},
		{"header only", "timestamp,value\n", nil, nil},
		{"header only, with everything asked for", "timestamp,value", func(o *Options) {
			o.Timestamp = []string{"timestamp"}
			o.Types = pipeline.Pairs[kind]{{Name: "value", Value: float}}
		}, nil},
		{"the tutorial's rows", "timestamp,value\n2021-01-01 00:00:00,51\n2021-01-01 00:00:04,60\n", nil, []string{
			`a.csv:2@16 2021-01-01T00:00:00Z {timestamp: "2021-01-01 00:00:00", value: 51}`,
			`a.csv:3@39 2021-01-01T00:00:04Z {timestamp: "2021-01-01 00:00:04", value: 60}`}},
		{"byte order mark and CRLF", "\xef\xbb\xbfa,b\r\n1,2\r\n", nil, []string{`a.csv:2@8 {a: 1, b: 2}`}},
		{"types", "i,f,b,s,zero,plus,big,null,mixed\n1,1.5,true,x,007,+49,9223372036854775808,,1\n-2,3,FALSE,,1,1,1,,true\n", nil, []string{
			`a.csv:2@33 {i: 1, f: 1.5, b: true, s: "x", zero: "007", plus: "+49", big: "9223372036854775808", null: null, mixed: "1"}`,
			`a.csv:3@77 {i: -2, f: 3.0, b: false, s: null, zero: "1", plus: "1", big: "1", null: null, mixed: "true"}`}},
		{"declared types", "i,f,b,s\n007,+51,1,1\n+5,NaN,f,true\n1.5,x,2,\n", func(o *Options) {
			o.Types = pipeline.Pairs[kind]{{Name: "i", Value: integer}, {Name: "f", Value: float}, {Name: "b", Value: boolean}, {Name: "s", Value: str}}
		}, []string{
			`a.csv:2@8 {i: 7, f: 51.0, b: true, s: "1"}`,
			`a.csv:3@20 {i: 5, f: NaN, b: false, s: "true"}`,
			`a.csv:4@34 FAILED column "i": "1.5" is no int <1.5,x,2,>`}},
		{"null values", "a,b\nNA,1\n-,NA\n3,-\n", func(o *Options) { o.NullValues = []string{"NA", "-"} }, []string{
			`a.csv:2@4 {a: null, b: 1}`, `a.csv:3@9 {a: null, b: null}`, `a.csv:4@14 {a: 3, b: null}`}},
		{"cells that don't fit the first rows", "a,b\n1,true\n1.5,true\nx,true\n007,false\n2,1\n", func(o *Options) { o.InferRows = 1 }, []string{
			`a.csv:2@4 {a: 1, b: true}`,
			`a.csv:3@11 FAILED column "a": "1.5" is no int, the type found in the first rows; declare the type: types: {a: float} <1.5,true>`,
			`a.csv:4@20 FAILED column "a": "x" is no int, the type found in the first rows; declare the type: types: {a: string}, or say that this is no value: null_values: x <x,true>`,
			`a.csv:5@27 FAILED column "a": "007" is no int, the type found in the first rows; declare the type: types: {a: string}, or say that this is no value: null_values: "007" <007,false>`,
			`a.csv:6@37 FAILED column "b": "1" is no bool, the type found in the first rows; declare the type: types: {b: string}, or say that this is no value: null_values: "1" <2,1>`}},
		{"too few and too many fields", "a,b\n1\n1,2,3\n1,2\n", nil, []string{
			`a.csv:2@4 FAILED 1 field, but there are 2 columns <1>`,
			`a.csv:3@6 FAILED 3 fields, but there are 2 columns <1,2,3>`,
			`a.csv:4@12 {a: 1, b: 2}`}},
		{"a header of one column, with another delimiter", "t;a\n1;2\n1;2,5\n", nil, []string{
			`a.csv:2@4 {t;a: "1;2"}`,
			`a.csv:3@8 FAILED 2 fields, but there is 1 column; are fields separated by ";"? then say delimiter: ";" <1;2,5>`}},
		{"a header of one column, with tabs", "t\ta\n1\t2,5\n", nil, []string{
			"a.csv:2@4 FAILED 2 fields, but there is 1 column; are fields separated by \"\\t\"? then say delimiter: \"\\t\" <1\t2,5>"}},
		{"a column of one name", "v\n1,5\n", nil, []string{
			`a.csv:2@2 FAILED 2 fields, but there is 1 column; are fields separated by ";"? then say delimiter: ";" <1,5>`}},
		{"commas, with another delimiter given", "a,b\n1,2;3\n", func(o *Options) { o.Delimiter = ";" }, []string{
			`a.csv:2@4 FAILED 2 fields, but there is 1 column; are fields separated by ","? then say delimiter: "," <1,2;3>`}},
		{"tabs", "a\tb\n1\t2\n", func(o *Options) { o.Delimiter = "tab" }, []string{`a.csv:2@4 {a: 1, b: 2}`}},
		{"two columns could hold the event time", "start,end,v\n2021-01-01,2021-01-02,1\n", nil, []string{
			`a.csv:2@12 {start: "2021-01-01", end: "2021-01-02", v: 1}`}},
		{"the event time could be two dates", "t,v\n03/04/2021,1\n", nil, []string{`a.csv:2@4 {t: "03/04/2021", v: 1}`}},
		{"the ends of time", "t\n1677-09-21 00:12:43.145224192\n1677-09-21 00:12:43.145224191\n2262-04-11 23:47:16.854775807\n2262-04-11 23:47:16.854775808\n2000-01-01 00:00:00\n", func(o *Options) { o.Timestamp = []string{"t"} }, []string{
			`a.csv:2@2 1677-09-21T00:12:43.145224192Z {t: "1677-09-21 00:12:43.145224192"}`,
			`a.csv:3@32 FAILED column "t": "1677-09-21 00:12:43.145224191" is not a time of format %Y-%m-%d %H:%M:%S: lies outside 1677-09-21 to 2262-04-11, which is as far as nanoseconds in 64 bits reach <1677-09-21 00:12:43.145224191>`,
			`a.csv:4@62 2262-04-11T23:47:16.854775807Z {t: "2262-04-11 23:47:16.854775807"}`,
			`a.csv:5@92 FAILED column "t": "2262-04-11 23:47:16.854775808" is not a time of format %Y-%m-%d %H:%M:%S: lies outside 1677-09-21 to 2262-04-11, which is as far as nanoseconds in 64 bits reach <2262-04-11 23:47:16.854775808>`,
			`a.csv:6@122 2000-01-01T00:00:00Z {t: "2000-01-01 00:00:00"}`}},
		{"unclosed quote", "a,b\n1,\"2\n3,4\n", nil, []string{
			`a.csv:2@4 FAILED field 2: the quote is not closed <1,"2>`,
			`a.csv:3@9 {a: 3, b: 4}`}},
		{"quoted", "a,\"b\nc\"\n\"1\",\"x\n\"\"y\"\"\"\n", nil, []string{"a.csv:3@8 {a: 1, b\nc: \"x\\n\\\"y\\\"\"}"}},
		{"too long", "a\n12345678\n123456789\n1\n", func(o *Options) { o.MaxRow = 8 }, []string{
			`a.csv:2@2 {a: 12345678}`, `a.csv:3@11 FAILED the row is longer than max_row (8) <123456789>`, `a.csv:4@21 {a: 1}`}},
		{"no header, other delimiter, comments", "# x\n2021-01-01;1\n#\n", func(o *Options) {
			o.Header, o.Columns, o.Delimiter, o.Comment = false, []string{"t", "v"}, ";", "#"
		}, []string{`a.csv:2@4 2021-01-01T00:00:00Z {t: "2021-01-01", v: 1}`}},
		{"names of columns", ",a,a,a_3\n0,1,2,3\n", nil, []string{`a.csv:2@9 {column_1: 0, a: 1, a_3: 2, a_3_4: 3}`}},
		{"time zone", "t\n2021-07-01 12:00:00\n", func(o *Options) { o.Timezone = "Europe/Berlin" }, []string{
			`a.csv:2@2 2021-07-01T10:00:00Z {t: "2021-07-01 12:00:00"}`}},
		{"a number as event time keeps its text", "t,v\n1609459200.0,1\n", nil, []string{
			`a.csv:2@4 2021-01-01T00:00:00Z {t: "1609459200.0", v: 1}`}},
		{"numbers that could be times, but don't rise", "v\n1609459203\n1609459201\n1609459202\n1609459200\n", nil, []string{
			`a.csv:2@2 {v: 1609459203}`, `a.csv:3@13 {v: 1609459201}`, `a.csv:4@24 {v: 1609459202}`, `a.csv:5@35 {v: 1609459200}`}},
		{"unless it is declared", "t,v\n1609459200,1\n", func(o *Options) { o.Types = pipeline.Pairs[kind]{{Name: "t", Value: integer}} }, []string{
			`a.csv:2@4 2021-01-01T00:00:00Z {t: 1609459200, v: 1}`}},
		{"date and time of day in two columns, decimal comma", "Date;Time;Power;N\n16/12/2006;17:24:00;4,216;18\n16/12/2006;17:25:00;?;?\n17/12/2006;?;4;1\n18/12/2006;00:00:00;1.5;2\n", func(o *Options) {
			o.Timestamp, o.Format, o.Delimiter, o.Decimal, o.NullValues = []string{"Date", "Time"}, "%d/%m/%Y %H:%M:%S", ";", ",", []string{"?"}
			o.Types = pipeline.Pairs[kind]{{Name: "Power", Value: float}}
		}, []string{
			`a.csv:2@18 2006-12-16T17:24:00Z {Date: "16/12/2006", Time: "17:24:00", Power: 4.216, N: 18}`,
			`a.csv:3@47 2006-12-16T17:25:00Z {Date: "16/12/2006", Time: "17:25:00", Power: null, N: null}`,
			`a.csv:4@71 FAILED column "Time", the event time, is empty <17/12/2006;?;4;1>`,
			`a.csv:5@88 FAILED column "Power": "1.5" is no float <18/12/2006;00:00:00;1.5;2>`}},
		{"two columns, format found", "d,t\n2021-01-01,00:00:01\n2021-01-01,soon\n2021-01-01,00:00:02.5\n", func(o *Options) { o.Timestamp = []string{"d", "t"} }, []string{
			`a.csv:2@4 2021-01-01T00:00:01Z {d: "2021-01-01", t: "00:00:01"}`,
			`a.csv:3@24 FAILED column "d", "t": "2021-01-01 soon" is not a time of format %Y-%m-%d %H:%M:%S: no hour at character 12 <2021-01-01,soon>`,
			`a.csv:4@40 2021-01-01T00:00:02.5Z {d: "2021-01-01", t: "00:00:02.5"}`}},
		{"decimal comma, types found", "f;i;e;s;b\n1,5;1;1,5e3;1.5;123456789012345678,25\n,5;2;2;1;1\n", func(o *Options) { o.Delimiter, o.Decimal = ";", "," }, []string{
			`a.csv:2@10 {f: 1.5, i: 1, e: 1500.0, s: "1.5", b: 123456789012345680.0}`,
			`a.csv:3@48 {f: 0.5, i: 2, e: 2.0, s: "1", b: 1.0}`}},
		{"names of months", "t,v\nJan 1 2000,1\nFeb 29 2000,2\n", nil, []string{
			`a.csv:2@4 2000-01-01T00:00:00Z {t: "Jan 1 2000", v: 1}`, `a.csv:3@17 2000-02-29T00:00:00Z {t: "Feb 29 2000", v: 2}`}},
		{"names of months, two digits", "t\n19-Sep-03\n", nil, []string{`a.csv:2@2 2003-09-19T00:00:00Z {t: "19-Sep-03"}`}},
		{"milliseconds with a fraction", "t\n1609459200000.000001\n", nil, []string{`a.csv:2@2 2021-01-01T00:00:00.000000001Z {t: "1609459200000.000001"}`}},
		{"a local time that is skipped", "t\n2021-03-28 02:30:00\n2021-07-01 12:00:00\n", func(o *Options) { o.Timezone, o.DST = "Europe/Berlin", timestamp.Reject }, []string{
			`a.csv:2@2 FAILED column "t": "2021-03-28 02:30:00" is not a time of format %Y-%m-%d %H:%M:%S: the clocks of Europe/Berlin skip this time <2021-03-28 02:30:00>`,
			`a.csv:3@22 2021-07-01T10:00:00Z {t: "2021-07-01 12:00:00"}`}},
		{"one that is shown twice, the format given", "t\n2021-10-31 02:30:00\n", func(o *Options) {
			o.Timezone, o.DST, o.Format = "Europe/Berlin", timestamp.Later, "%Y-%m-%d %H:%M:%S"
		}, []string{`a.csv:2@2 2021-10-31T01:30:00Z {t: "2021-10-31 02:30:00"}`}},
		{"before 1970, and long after", "t\n1680-01-01\n2262-04-11\n", nil, []string{
			`a.csv:2@2 1680-01-01T00:00:00Z {t: "1680-01-01"}`, `a.csv:3@13 2262-04-11T00:00:00Z {t: "2262-04-11"}`}},
		{"format", "t,u\n03/04/2021,0\n", func(o *Options) { o.Format = "%d/%m/%Y" }, []string{
			`a.csv:2@4 2021-04-03T00:00:00Z {t: "03/04/2021", u: 0}`}},
		{"small numbers as event time", "t,u\n0,0\n1,0\n", func(o *Options) { o.Format, o.Timestamp = "unix", []string{"t"} }, []string{
			`a.csv:2@4 1970-01-01T00:00:00Z {t: "0", u: 0}`, `a.csv:3@8 1970-01-01T00:00:01Z {t: "1", u: 0}`}},
		{"bad times", "t,v\n2021-01-01,1\n2021-02-30,2\n,3\nsoon,4\n2021-01-02,5\n2021-01-03,6\n2021-01-04,6\n", func(o *Options) { o.Timestamp = []string{"t"} }, []string{
			`a.csv:2@4 2021-01-01T00:00:00Z {t: "2021-01-01", v: 1}`,
			`a.csv:3@17 FAILED column "t": "2021-02-30" is not a time of format %Y-%m-%d: February 2021 has no day 30 <2021-02-30,2>`,
			`a.csv:4@30 FAILED column "t", the event time, is empty <,3>`,
			`a.csv:5@33 FAILED column "t": "soon" is not a time of format %Y-%m-%d: no year at character 1 <soon,4>`,
			`a.csv:6@40 2021-01-02T00:00:00Z {t: "2021-01-02", v: 5}`,
			`a.csv:7@53 2021-01-03T00:00:00Z {t: "2021-01-03", v: 6}`,
			`a.csv:8@66 2021-01-04T00:00:00Z {t: "2021-01-04", v: 6}`}},
		{"a column that is not all times is none", "t,v\n2021-01-01,1\nsoon,4\n", nil, []string{
			`a.csv:2@4 {t: "2021-01-01", v: 1}`, `a.csv:3@17 {t: "soon", v: 4}`}},
		{"no first row can be read", "t,v\n2021-01-01\n2021-01-01,1\n", func(o *Options) { o.Timestamp, o.InferRows, o.MaxRow = []string{"t"}, 1, 11 }, []string{
			`a.csv:2@4 FAILED 1 field, but there are 2 columns <2021-01-01>`,
			`a.csv:3@15 FAILED the row is longer than max_row (11) <2021-01-01,1>`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(tc.change)
			o.Path = []string{write(t, t.TempDir(), "a.csv", tc.text)}
			got, err := readAll(t, testEnv(), o)
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
	dir := t.TempDir()
	for _, tc := range []struct {
		name   string
		text   string
		change func(o *Options)
		says   string
	}{
		{"no such column", "timestamp,value\n2021-01-01,1\n", func(o *Options) { o.Timestamp = []string{"time"} },
			`a.csv has no column "time" for the event time; it has "timestamp", "value"`},
		{"no such column, header only", "timestamp,value\n", func(o *Options) { o.Timestamp = []string{"time"} },
			`a.csv has no column "time" for the event time; it has "timestamp", "value"`},
		{"no such column, of two", "Date,Tim\n2021-01-01,1\n", func(o *Options) { o.Timestamp = []string{"Date", "Time"} },
			`a.csv has no column "Time" for the event time; it has "Date", "Tim"`},
		{"no such column for types", "timestamp,value\n", func(o *Options) { o.Types = pipeline.Pairs[kind]{{Name: "valeu", Value: float}} },
			`a.csv has no column "valeu" for types; it has "timestamp", "value"`},
		{"another delimiter", "t;v\n2021-01-01;1\n", func(o *Options) { o.Timestamp = []string{"t"} },
			`a.csv has no column "t" for the event time; it has "t;v"; are fields separated by ";"? then say delimiter: ";"`},
		{"times beyond the range", "t,v\n1500-01-01,1\n", func(o *Options) { o.Timestamp = []string{"t"} },
			`a.csv: column "t": "1500-01-01" is not a time of format %Y-%m-%d: lies outside 1677-09-21 to 2262-04-11, which is as far as nanoseconds in 64 bits reach`},
		{"no such day", "t,v\n30.02.2021,1\n", func(o *Options) { o.Timestamp = []string{"t"} },
			`a.csv: column "t": "30.02.2021" is not a time of format %d.%m.%Y: February 2021 has no day 30`},
		{"two dates, named", "t,v\n03/04/2021,1\n,2", func(o *Options) { o.Timestamp = []string{"t"} },
			`a.csv: column "t": is "03/04/2021" day first or month first? say format: "%d/%m/%Y" or format: "%m/%d/%Y"`},
		{"unknown format", "t,v\n1,1\n2,2\n", func(o *Options) { o.Timestamp = []string{"t"} },
			`a.csv: column "t": how are times such as "1" written? say it with format, such as "%Y-%m-%d %H:%M:%S" or unix`},
		{"empty event time", "t,v\n,1\n", func(o *Options) { o.Timestamp = []string{"t"} },
			`a.csv: column "t": the first values are empty; say how times are written with format, such as "%Y-%m-%d %H:%M:%S"`},
		{"binary", "a\x00b\n", nil, `a.csv:1: this looks like a binary file, not text: it has zero bytes`},
		{"UTF-16", "\xff\xfea\x00\n\x00", nil, `a.csv:1: this looks like UTF-16; convert it to UTF-8`},
		{"gzip without suffix", "\x1f\x8b\x08", nil, `a.csv:1: this looks like gzip; name it .gz to have it decompressed`},
		{"CR alone", "a,b\r1,2\r", nil, `a.csv:1: the lines seem to end in CR alone; convert them to LF or CRLF`},
		{"header with an open quote", "\na,\"b\n1,2\n", nil, `a.csv:2: the header can't be read: field 2: the quote is not closed`},
		{"comments alone", strings.Repeat("#\n", 5<<20), func(o *Options) { o.Comment = "#" },
			`a.csv: there is no header among all the comments and blank lines at the start`},
		{"no such file", "", func(o *Options) { o.Path = []string{filepath.Join(dir, "none.csv"), filepath.Join(dir, "no*.csv")} },
			fmt.Sprintf("there is no file %s\nno file matches %s", filepath.Join(dir, "none.csv"), filepath.Join(dir, "no*.csv"))},
		{"a directory", "", func(o *Options) { o.Path = []string{dir} }, dir + " is a directory, not a file"},
		{"bad pattern", "", func(o *Options) { o.Path = []string{dir + "/[x"} }, `[x": syntax error in pattern`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "a.csv", tc.text)
			o := options(func(o *Options) { o.Path = []string{path} })
			if tc.change != nil {
				tc.change(&o)
			}
			_, err := readAll(t, testEnv(), o)
			if err == nil || !strings.HasSuffix(err.Error(), tc.says) {
				t.Errorf("got the error\n%v\nwant one that ends\n%v", err, tc.says)
			}
		})
	}
}

func TestReadStops(t *testing.T) {
	s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path = []string{write(t, t.TempDir(), "a.csv", "a\n1\n")} }))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Read(ctx, &pipeline.Batch{}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// Only a paced pipeline must know the event time.
func TestPaceAsks(t *testing.T) {
	for _, tc := range []struct{ name, text, says string }{
		{"none", "a,b\nx,1\n", `a.csv has no column whose first cells all are times, and pace: goes by one; if there is one, name it with timestamp; the columns are "a", "b"`},
		{"another delimiter", "a;b\nx;1\n", `a.csv has no column whose first cells all are times, and pace: goes by one; if there is one, name it with timestamp; the columns are "a;b"; are fields separated by ";"? then say delimiter: ";"`},
		{"nearly one", "v,t\n1,2021-01-01\n2,2021-02-30\n3,\n", `a.csv has no column whose first cells all are times, and pace: goes by one; if it is column "t", say timestamp: t; but "2021-02-30" is not a time of format %Y-%m-%d: February 2021 has no day 30`},
		{"several", "start,end,v\n2021-01-01,2021-01-02,1\n", `a.csv: which column holds the event time? say it with timestamp: start or timestamp: end`},
		{"two dates", "t,v\n03/04/2021,1\n", `a.csv: column "t": is "03/04/2021" day first or month first? say format: "%d/%m/%Y" or format: "%m/%d/%Y"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env := testEnv()
			o := options(func(o *Options) { o.Path = []string{write(t, t.TempDir(), "a.csv", tc.text)} })
			if got, err := readAll(t, env, o); err != nil || len(got) == 0 {
				t.Errorf("without pace: %q, %v", got, err)
			}
			env.Paced = true
			if _, err := readAll(t, env, o); err == nil || !strings.HasSuffix(err.Error(), tc.says) {
				t.Errorf("got the error\n%v\nwant one that ends\n%v", err, tc.says)
			}
		})
	}
}

// What a user is told while a file is opened.
func TestSays(t *testing.T) {
	for _, tc := range []struct{ name, text, says string }{
		{"another delimiter", "a;b\n1;2\n", `level=WARN msg="the header is one column; are fields separated by \";\"? then say delimiter: \";\""`},
		{"two event times", "start,end\n2021-01-01,2021-01-02\n", `level=INFO msg="records have no event time, as it can't be told" because=`},
		{"two event times", "start,end\n2021-01-01,2021-01-02\n", `level=INFO msg="records have no event time, as it can't be told" because=`},
		{"odd times", "t\n2021-03-28 02:30:00\n2021-10-31 02:30:00\n2021-10-31 12:30:00\n", `level=WARN msg="local times that the clocks show twice, or skip" timezone=Europe/Berlin times=2 dst="the default"`},
		{"nothing", "a,b\n1,2\n", ""},
	} {
		var log bytes.Buffer
		env := testEnv()
		env.Log = slog.New(slog.NewTextHandler(&log, nil))
		if _, err := readAll(t, env, options(func(o *Options) {
			o.Path, o.Timezone = []string{write(t, t.TempDir(), "a.csv", tc.text)}, "Europe/Berlin"
		})); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if !strings.Contains(log.String(), tc.says) || tc.says == "" && log.Len() > 0 {
			t.Errorf("%s: %s, want %s", tc.name, log.String(), tc.says)
		}
	}
}
