package csv

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/compress/compresstest"
	"github.com/pipeline-daemon/pipeline/internal/fields"
)

func merged(change func(o *Options), paths ...string) Options {
	return options(func(o *Options) {
		o.Path, o.Merge = paths, true
		if change != nil {
			change(o)
		}
	})
}

func TestMerge(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"equal times keep the order of the list", []string{"t,v\n2021-01-01,a1\n2021-01-02,a2\n", "t,v\n2021-01-01,b1\n2021-01-01,b2\n2021-01-02,b3\n", "t,v\n2021-01-01,c1\n"},
			[]string{"a1", "b1", "b2", "c1", "a2", "b3"}},
		{"one after the other", []string{"t,v\n2021-01-03,a1\n", "t,v\n2021-01-01,b1\n2021-01-02,b2\n"}, []string{"b1", "b2", "a1"}},
		{"a step backwards holds nothing up", []string{"t,v\n2021-01-02,a1\n1999-01-01,a2\n1999-01-02,a3\n2021-01-04,a4\n", "t,v\n2021-01-01,b1\n2021-01-02,b2\n2021-01-03,b3\n2021-01-05,b4\n"},
			[]string{"b1", "a1", "a2", "a3", "b2", "b3", "a4", "b4"}},
		{"nor a step forwards", []string{"t,v\n2021-01-01,a1\n2099-01-01,a2\n2021-01-02,a3\n", "t,v\n2021-01-02,b1\n2021-01-03,b2\n"},
			[]string{"a1", "b1", "b2", "a2", "a3"}},
		{"bad rows follow those before them", []string{"t,v\nsoon,x\n2021-01-02,a1\n2021-01-02\n2021-01-04,a2\n", "t,v\n2021-01-01,b1\n2021-01-03,b2\n"},
			[]string{"FAILED", "b1", "a1", "FAILED", "b2", "a2"}},
		{"an empty one, and one with a header only", []string{"", "t,v\n", "t,v\n2021-01-01,c1\n"}, []string{"c1"}},
		{"columns of another order", []string{"t,v\n2021-01-01,a1\n", "v,t\nb1,2021-01-01\n"}, []string{"a1", "b1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var paths []string
			for i, text := range tc.files {
				paths = append(paths, write(t, t.TempDir(), strconv.Itoa(i)+".csv", text))
			}
			got, err := readValues(t, testEnv(), merged(func(o *Options) { o.Timestamp = []string{"t"} }, paths...))
			if diff := gocmp.Diff(tc.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	_, err := readAll(t, testEnv(), merged(nil, write(t, t.TempDir(), "a.csv", "a,b\nx,1\n")))
	if err == nil || !strings.Contains(err.Error(), "and merge: goes by one") {
		t.Errorf("without an event time: %v", err)
	}
}

// readValues returns the values of the column v.
func readValues(t *testing.T, env pipeline.Env, o Options) ([]string, error) {
	t.Helper()
	var got []string
	err := each(t.Context(), env, o, func(r *pipeline.Record) {
		if r.Failure != nil {
			got = append(got, "FAILED")
		} else {
			got = append(got, r.Get("v").Str())
		}
	})
	return got, err
}

// each calls do for every record.
func each(ctx context.Context, env pipeline.Env, o Options, do func(r *pipeline.Record)) error {
	s, err := open(ctx, env, o)
	if err != nil {
		return err
	}
	defer s.Close()
	for b := pipeline.NewBatch(7, 0); ; b.Reset() {
		if err := s.Read(ctx, b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		for i := range b.Records {
			do(&b.Records[i])
		}
	}
}

// A merge of files that are each in order is a stable sort of all their rows,
// in whatever order rows are looked at; and going on after any of them gives
// the rest.
func TestMergeIsAStableSort(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		type row struct {
			at   int
			name string
		}
		var all []row
		var paths []string
		for i := range rapid.IntRange(1, 5).Draw(rt, "files") {
			at := 0
			text := "t,v\n"
			for k, step := range rapid.SliceOfN(rapid.IntRange(0, 2), 0, 200).Draw(rt, "steps") {
				at += step
				all = append(all, row{at, fmt.Sprintf("%d-%d", i, k)})
				text += fmt.Sprintf("%d,%d-%d\n", at, i, k)
			}
			paths = append(paths, write(t, dir, fmt.Sprintf("%d-%d.csv", run, i), text))
		}
		slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(a.at, b.at) })
		o := merged(func(o *Options) {
			o.Timestamp, o.Format, o.Types = []string{"t"}, "unix", pipeline.Pairs[kind]{{Name: "v", Value: str}}
		}, paths...)
		stop := rapid.IntRange(0, len(all)).Draw(rt, "stop")
		var got []string
		env := testEnv()
		note := func(r *pipeline.Record) {
			got = append(got, r.Get("v").Str())
			if len(got) <= stop {
				env.Position = env.Position.Advance(r.Origin)
			}
		}
		if err := each(t.Context(), testEnv(), o, note); err != nil {
			rt.Fatal(err)
		}
		var want []string
		for _, r := range all {
			want = append(want, r.name)
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
		got = append([]string(nil), got[:stop]...)
		if err := each(t.Context(), env, o, note); err != nil || !slices.Equal(got, want) {
			rt.Fatalf("after %d: got %v, %v, want %v", stop, got, err, want)
		}
	})
}

// Files that may keep one waiting are merged too, and a resume finds its place
// in compressed ones.
func TestMergeKinds(t *testing.T) {
	paths := compresstest.Write(t, t.TempDir(), "a.csv", "t,v\n2021-01-01,x1\n2021-01-03,x2\n")
	env := pipeEnv(strings.NewReader("t,v\n2021-01-02,p1\n2021-01-04,p2\n"))
	o := merged(nil, append(paths, "-")...)
	got, err := readValues(t, env, o)
	if want := []string{"x1", "x1", "x1", "p1", "x2", "x2", "x2", "p2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	env = testEnv()
	for _, path := range paths[1:] {
		env.Position = env.Position.Advance(pipeline.Origin{Source: path, Offset: 4, Line: 2})
	}
	got, err = readValues(t, env, merged(nil, paths...))
	if want := []string{"x1", "x2", "x2", "x2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// Files that differ are each read in their own way, merged or not.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.csv", "Date,Time,v\n01/02/2021,00:00:01,1\n01/02/2021,00:00:03,2\n")
	b := write(t, dir, "b.csv", "at,sensor,v\n1612137602,s1,1.5\n1612137604,,2.5\n")
	o := options(func(o *Options) {
		o.Merge, o.Timestamp, o.Format = true, []string{"Date", "Time"}, "%d/%m/%Y %H:%M:%S"
		o.FileList = []File{{Path: []string{a}}, {Path: []string{b}, Timestamp: []string{"at"}, Format: "unix", Key: keyOf(t, "sensor"), Topic: "b"}}
	})
	want := []string{
		`a.csv  "" 2021-02-01 00:00:01 1`,
		`b.csv b "s1" 2021-02-01 00:00:02 1.5`,
		`a.csv  "" 2021-02-01 00:00:03 2`,
		`b.csv b "" 2021-02-01 00:00:04 2.5`,
	}
	for _, merge := range []bool{true, false} {
		o.Merge = merge
		var got []string
		err := each(t.Context(), testEnv(), o, func(r *pipeline.Record) {
			if r.Failure != nil {
				t.Error(r.Failure.Err)
			}
			if (r.Key == nil) != (len(r.Key) == 0) {
				t.Errorf("%v has the key %#v", r.Value, r.Key)
			}
			got = append(got, fmt.Sprintf("%s %s %q %s %v", filepath.Base(r.Origin.Source), r.Topic, r.Key, r.Time.Format(time.DateTime), r.Get("v")))
		})
		if !merge {
			want = []string{want[0], want[2], want[1], want[3]}
		}
		if diff := gocmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("merge %v: %v (-want +got):\n%s", merge, err, diff)
		}
	}
	o.FileList[1].Types = pipeline.Pairs[kind]{{Name: "w", Value: str}}
	if _, err := readAll(t, testEnv(), o); err == nil || !strings.Contains(err.Error(), `b.csv has no column "w" for types`) {
		t.Errorf("a type of no column: %v", err)
	}
}

func keyOf(t *testing.T, text string) fields.Text {
	o, err := bind(t, "csv: {files: [{path: x, key: "+text+"}]}")
	if err != nil {
		t.Fatal(err)
	}
	return o.FileList[0].Key
}

// How far a merge is can be told of each record, and it knows when it ends.
func TestMergeProgress(t *testing.T) {
	var paths []string
	for i := range 3 {
		text := "t,v\n"
		for k := range 2_000 {
			text += fmt.Sprintf("%d,abcdefghij\n", 1_600_000_000+3*k+i)
		}
		paths = append(paths, write(t, t.TempDir(), "a.csv", text))
	}
	s, err := open(t.Context(), testEnv(), merged(nil, paths...))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if end, ok := s.(pipeline.Ender).End(); !ok || end.Unix() != 1_600_000_000+3*1_999+2 {
		t.Errorf("the end is %v, %v", end, ok)
	}
	var all []pipeline.Origin
	for b := (pipeline.Batch{}); s.Read(t.Context(), &b) == nil; b.Reset() {
		for i := range b.Records {
			all = append(all, b.Records[i].Origin)
		}
	}
	for i, o := range all {
		share, ok := s.(pipeline.Progresser).Progress(o)
		if want := float64(i) / float64(len(all)); !ok || share < want-0.001 || share > want+0.001 {
			t.Fatalf("record %d of %d: %v, %v", i, len(all), share, ok)
		}
	}
	if _, ok := s.(pipeline.Progresser).Progress(pipeline.Origin{Source: filepath.Join(t.TempDir(), "b.csv")}); ok {
		t.Error("the progress in another file is known")
	}
}
