package csv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/compress"
	"github.com/pipeline-daemon/pipeline/internal/compress/compresstest"
)

func TestSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a2.csv", "v,t,w\n3,2021-01-03,x\n")
	write(t, dir, "a1.csv", "t,v\n2021-01-01,1\n2021-01-02,2\n")
	write(t, dir, "a0.csv", "")
	last := write(t, dir, "[b].csv", "t,w,v\n2021-01-04,5,4.5\n")
	o := options(func(o *Options) { o.Path = []string{filepath.Join(dir, "a?.csv"), last} })
	got, err := readAll(t, testEnv(), o)
	if err != nil {
		t.Fatal(err)
	}
	// A column has one type in all files; a record has its own file's columns.
	want := []string{
		`a1.csv:2@4 2021-01-01T00:00:00Z {t: "2021-01-01", v: 1}`,
		`a1.csv:3@17 2021-01-02T00:00:00Z {t: "2021-01-02", v: 2}`,
		`a2.csv:2@6 2021-01-03T00:00:00Z {v: 3, t: "2021-01-03", w: "x"}`,
		`[b].csv:2@6 FAILED column "v": "4.5" is no int, the type found in the first rows; declare the type: types: {v: float} <2021-01-04,5,4.5>`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	write(t, dir, "a3.csv", "day,v\n2021-01-03,3\n")
	got, err = readAll(t, testEnv(), o)
	if len(got) != 3 || err == nil || !strings.HasSuffix(err.Error(), `a3.csv has no column "t" for the event time; it has "day", "v"`) {
		t.Errorf("without the column of the event time: %d records, %v", len(got), err)
	}

	o.Path = []string{last, filepath.Join(dir, "*.csv")}
	if _, err := readAll(t, testEnv(), o); err == nil || !strings.Contains(err.Error(), "path names "+last+" twice") {
		t.Errorf("a file twice: %v", err)
	}
}

// nasty has rows of every kind, good and bad.
const nasty = "\xef\xbb\xbft,v\r\n" +
	"2021-01-01 00:00:00,1\r\n" +
	"\n# a comment\n" +
	"2021-01-01 00:00:01,\"x\ny\"\n" +
	"2021-01-01 00:00:02,\"unclosed\n" +
	"2021-01-01 00:00:03,4,5\n" +
	"2021-01-01 00:00:04,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" +
	"soon,6\n" +
	"2021-01-01 00:00:05,\"a \"\"b\"\"\"\n" +
	"2021-01-01 00:00:06,"

func nastyOptions(path ...string) Options {
	return options(func(o *Options) { o.Path, o.Comment, o.MaxRow, o.Timestamp = path, "#", 60, []string{"t"} })
}

// packed writes a file as it is and compressed, and returns the paths.
func packed(t *testing.T, text string) []string {
	t.Helper()
	return compresstest.Write(t, t.TempDir(), "a.csv", text)
}

// A run that goes on after any of the records gives those that follow it.
func TestResume(t *testing.T) {
	for _, path := range packed(t, nasty) {
		o := nastyOptions(path, write(t, t.TempDir(), "b.csv", "t,v\n2021-01-02 00:00:00,9\n"))
		origins, all := origins(t, o)
		if len(all) != 9 {
			t.Fatalf("%s: %d records: %s", path, len(all), strings.Join(all, "\n"))
		}
		for i, at := range origins {
			env := testEnv()
			if i == len(origins)-1 {
				env.Position = env.Position.Advance(origins[i-1])
			}
			env.Position = env.Position.Advance(at)
			got, err := readAll(t, env, o)
			if diff := cmp.Diff(all[i+1:], got, cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); err != nil || diff != "" {
				t.Errorf("%s, after record %d: %v (-want +got):\n%s", path, i, err, diff)
			}
		}
	}
}

func origins(t *testing.T, o Options) ([]pipeline.Origin, []string) {
	t.Helper()
	s, err := open(t.Context(), testEnv(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var at []pipeline.Origin
	var all []string
	for b := (pipeline.Batch{}); ; b.Reset() {
		if err := s.Read(t.Context(), &b); err == io.EOF {
			return at, all
		} else if err != nil {
			t.Fatal(err)
		}
		for i := range b.Records {
			at, all = append(at, b.Records[i].Origin), append(all, show(&b.Records[i]))
		}
	}
}

func TestResumeFails(t *testing.T) {
	for _, path := range packed(t, "t,v\n2021-01-01,1\n2021-01-02,2\n") {
		for _, offset := range []int64{2, 18, 30, 31, 1000} {
			env := testEnv()
			env.Position = pipeline.Position{{Source: path, Offset: offset, Line: 7}}
			got, err := readAll(t, env, options(func(o *Options) { o.Path = []string{path} }))
			want := fmt.Sprintf("can't resume: %s:7, the last row done, is not there (byte %d)", path, offset)
			if len(got) > 0 || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, offset %d: %d records, %v", path, offset, len(got), err)
			}
		}
	}
}

// A file that is done goes on with what has been appended.
func TestResumeGrown(t *testing.T) {
	path := write(t, t.TempDir(), "a.csv", "v\n1\n2\n")
	o := options(func(o *Options) { o.Path = []string{path} })
	at, _ := origins(t, o)
	write(t, filepath.Dir(path), "a.csv", "v\n1\n2\n3\n")
	env := testEnv()
	env.Position = pipeline.Position{at[1]}
	if got, err := readAll(t, env, o); err != nil || !slices.Equal(got, []string{"a.csv:4@6 {v: 3}"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestGrowsAndShrinks(t *testing.T) {
	rows := strings.Repeat("1,2\n", 50_000)
	for _, tc := range []struct {
		name   string
		change func(f *os.File) error
		rows   int
		err    error
	}{
		{"grows", func(f *os.File) error { _, err := f.WriteAt([]byte("3,4\n"), int64(4+len(rows))); return err }, 50_000, io.EOF},
		{"shrinks", func(f *os.File) error { return f.Truncate(int64(len(rows) / 2)) }, 24_999, compress.ErrShrank},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "a.csv", "a,b\n"+rows)
			s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path = []string{path} }))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(tc.change(f), f.Close()); err != nil {
				t.Fatal(err)
			}
			n := 0
			var b pipeline.Batch
			for err = s.Read(t.Context(), &b); err == nil; err = s.Read(t.Context(), &b) {
				n += len(b.Records)
				b.Reset()
			}
			if n != tc.rows || !errors.Is(err, tc.err) {
				t.Errorf("%d rows, then %v; want %d, %v", n, err, tc.rows, tc.err)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	row := "2021-01-01 00:00:00,12345\n"
	text := "t,v\n" + strings.Repeat(row, 20_000)
	for _, path := range packed(t, text) {
		s, err := open(t.Context(), testEnv(), options(func(o *Options) { o.Path = []string{path, write(t, t.TempDir(), "b.csv", text)} }))
		if err != nil {
			t.Fatal(err)
		}
		first, second := fileSize(t, path), float64(len(text))
		var b pipeline.Batch
		last := -1.0
		for s.Read(t.Context(), &b) == nil {
			o := b.Records[len(b.Records)-1].Origin
			share, ok := s.(pipeline.Progresser).Progress(o)
			if !ok || share < last-0.05 || share > 1 {
				t.Fatalf("%v: progress %v, %v after %v", o, share, ok, last)
			}
			last = share
			want := float64(o.Offset) / float64(len(text)) * first / (first + second)
			if o.Source != path {
				want = (first + float64(o.Offset)) / (first + second)
			}
			if d := share - want; d < -0.1 || d > 0.1 {
				t.Errorf("%v: progress %v, want about %v", o, share, want)
			}
			b.Reset()
		}
		if last < 0.99 {
			t.Errorf("%s: progress %v at the end", path, last)
		}
		if _, ok := s.(pipeline.Progresser).Progress(pipeline.Origin{Source: "c.csv"}); ok {
			t.Error("the progress in another file is known")
		}
		s.Close()
	}
}

func fileSize(t *testing.T, path string) float64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return float64(info.Size())
}
