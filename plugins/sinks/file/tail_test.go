package file

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

func TestAppendCSV(t *testing.T) {
	const header = "sensor,value\n"
	for _, test := range []struct {
		name, before, want, err, log string
		failed                       bool
	}{
		{name: "complete", before: header + "a,1\n", want: header + "a,1\nNEW"},
		{name: "header alone", before: header, want: header + "NEW"},
		{name: "other order", before: "value,sensor\n", want: "value,sensor\n2,b\n"},
		{name: "byte order mark", before: "\ufeff" + header, want: "\ufeff" + header + "NEW"},
		{name: "more columns", before: "sensor,value,unit\n", want: "sensor,value,unit\nb,2,\n"},
		{name: "other columns", before: "sensor,temperature\n", want: "sensor,temperature\n", failed: true},
		{name: "end of line in a cell", before: header + "\"a\nb\",1\n", want: header + "\"a\nb\",1\nNEW"},
		{name: "cut off in the first cell", before: header + "a,1\nb", want: header + "a,1\nNEW", log: "bytes=1"},
		{name: "cut off in quotes", before: header + "a,1\nb,\"2", want: header + "a,1\nNEW", log: "bytes=4"},
		{name: "cut off after quotes", before: header + "a,1\n\"b\nc\"", want: header + "a,1\nNEW", log: "bytes=5"},
		{name: "perhaps cut off", before: header + "a,1\nb,25", want: header + "a,1\nNEW", log: "bytes=4 text=b,25"},
		{name: "cut off after a quote", before: header + "a,1\nb,\"2\"", want: header + "a,1\nNEW", log: `bytes=5 text="b,\"2\""`},
		{name: "header cut off", before: "sensor,val", err: "out.csv: is no CSV with a complete header: remove it, or set mode: overwrite"},
		{name: "ends within quotes", before: header + "\"a\n", err: `out.csv: ends within quotes: complete or remove the row at byte 14, which begins with "\"a\n"`},
		{name: "a quote too many, long ago", before: header + "5\" pipe,1\nb,2\n", err: `out.csv: ends within quotes: complete or remove the row at byte 14, which begins with "5\" pipe,1\nb,2\n"`},
		{name: "bad header", before: "a\"b,c\n", err: `out.csv: has no header that can be read: parse error on line 1, column 2: bare " in non-quoted-field`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("out.csv", []byte(test.before), 0o600); err != nil {
				t.Fatal(err)
			}
			sink, log, err := try(t, "{path: out.csv, mode: append}")
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("got %v, want %s", err, test.err)
				}
				if got := contents(t, "out.csv"); got != test.before {
					t.Errorf("the file has become %q", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer sink.Close()
			b := batch(structOf("sensor,value", pipeline.String("b"), pipeline.Int(2)))
			if err := write(t, sink, b); err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(contents(t, "out.csv"), "b,2\n", "NEW"); got != strings.ReplaceAll(test.want, "b,2\n", "NEW") {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if failed := b.Records[0].Failure != nil; failed != test.failed {
				t.Errorf("the record: %v", b.Records[0].Failure)
			}
			if !strings.Contains(log.String(), test.log) || test.log == "" && log.Len() > 0 {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// TestCutAnywhere cuts a file at every byte. What can't be told is an error;
// otherwise all complete lines are kept, and nothing else.
func TestCutAnywhere(t *testing.T) {
	for _, test := range []struct {
		format lineFormat
		lines  []string
		errors int // cuts after which a person must decide
	}{
		{&csvLines{}, []string{"time,text\n", "1,plain\n", "2,\"a \"\"quote\"\"\"\n", "\"\",\"\"\n", "3,\"two\nlines\"\n", "4,\n"}, 15},
		{jsonLines{}, []string{"{\"a\":1}\n", "[\"x\\n\"]\n", "\"text\"\n"}, 0},
	} {
		whole := strings.Join(test.lines, "")
		errors := 0
		for cut := range len(whole) {
			end, err := test.format.check(bytes.NewReader([]byte(whole[:cut])), int64(cut))
			if cut == 0 {
				continue // never asked
			}
			if err != nil {
				errors++
				continue
			}
			kept := ""
			for _, line := range test.lines {
				if len(kept)+len(line) > cut+1 {
					break
				}
				kept += line
			}
			if want := len(kept); int(end) != want && !(int(end) < want && want > cut) {
				t.Errorf("%q: kept up to %d, want %d", whole[:cut], end, want)
			}
		}
		if errors != test.errors {
			t.Errorf("%T: %d errors, want %d", test.format, errors, test.errors)
		}
	}
}

// TestLastRowEndBlocks has quotes and lines across the blocks that are read.
func TestLastRowEndBlocks(t *testing.T) {
	cell := strings.Repeat("x\n", blockSize)
	for _, test := range []struct {
		text   string
		end    int
		quoted bool
	}{
		{"a\n\"" + cell + "\"\n", 2 + 1 + len(cell) + 2, false},
		{"a\n\"" + cell, 2, true},
		{"a\n\"" + cell + "\"\"\"\nb", 2 + 1 + len(cell) + 4, false},
		{strings.Repeat("ab\n", blockSize) + "c", 3 * blockSize, false},
		{strings.Repeat("x", 3*blockSize), 0, false},
	} {
		end, quoted, err := lastRowEnd(strings.NewReader(test.text), int64(len(test.text)))
		if end != int64(test.end) || quoted != test.quoted || err != nil {
			t.Errorf("%.20q: got %d, %v, %v, want %d, %v", test.text, end, quoted, err, test.end, test.quoted)
		}
		if test.quoted {
			continue
		}
		if end, err := lastLineEnd(strings.NewReader(test.text), int64(len(test.text))); end != int64(test.end) || err != nil {
			t.Errorf("%.20q: got %d, %v, want %d", test.text, end, err, test.end)
		}
	}
}

// FuzzCSV writes two rows and reads them back with the standard library.
func FuzzCSV(f *testing.F) {
	f.Add("a", "b", "c", "d")
	f.Add("", "\"", ",", "\n\r\n")
	f.Add(" a", "\r", "#", "\ufeff")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if a == b {
			return
		}
		names := []string{a, b}
		fields := func(x, y string) pipeline.Value {
			return pipeline.Struct([]pipeline.Field{{Name: a, Value: pipeline.String(x)}, {Name: b, Value: pipeline.Bytes([]byte(y))}})
		}
		format := &csvLines{}
		var text []byte
		var err error
		for _, v := range []pipeline.Value{fields(c, d), fields(d, c)} {
			if text, err = format.appendRecord(text, &pipeline.Record{Value: v}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		want := [][]string{names, {c, d}, {d, c}}
		for _, row := range want {
			for i := range row { // the reader takes \r\n for \n
				row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if end, err := (&csvLines{}).check(bytes.NewReader(text), int64(len(text))); err != nil || end != int64(len(text)) {
			t.Errorf("%q: complete up to %d, %v", text, end, err)
		}
	})
}
