package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

func pipeEnv(in io.Reader) pipeline.Env {
	env := testEnv()
	env.Stdin = in
	return env
}

func stdinOptions() Options { return options(func(o *Options) { o.Path = []string{textfile.Stdin} }) }

func TestStdin(t *testing.T) {
	env := pipeEnv(strings.NewReader(nasty))
	env.Position = pipeline.Position{{Source: textfile.Stdin, Offset: 50, Line: 3}} // says nothing about another stream
	o := nastyOptions(textfile.Stdin)
	got, err := readAll(t, env, o)
	if err != nil || len(got) != 8 || got[0] != `-:2@8 2021-01-01T00:00:00Z {t: "2021-01-01 00:00:00", v: "1"}` {
		t.Errorf("%d records, %v: %s", len(got), err, strings.Join(got, "\n"))
	}
}

// A line of 100 MB, among the first rows too, is one bad row and never held.
func TestLongLine(t *testing.T) {
	const size = 100 << 20
	text := io.MultiReader(strings.NewReader("v\n1\n"), io.LimitReader(repeat("x,x,x,x,"), size), strings.NewReader("\n2\n"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := readAll(t, pipeEnv(text), stdinOptions())
	runtime.ReadMemStats(&after)
	if err != nil || len(got) != 3 || got[2] != fmt.Sprintf("-:4@%d {v: 2}", 4+size+1) {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if want := "-:3@4 FAILED the row is longer than max_row (1MiB); its first 1024 bytes are kept <x,x,"; !strings.HasPrefix(got[1], want) || strings.Count(got[1], "x,") != longRowKept/2 {
		t.Errorf("got %.100q, %d bytes, want %q", got[1], len(got[1]), want)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size {
		t.Errorf("%d bytes have been allocated", allocated)
	}
}

// Rows that come slowly are passed on as they come.
func TestStdinDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			io.WriteString(w, "t,v\n")
			for _, row := range []string{"2021-01-01,1\n2021-01-02,2\n2021-", "01-03,3\n", "2021-01-04,4"} {
				time.Sleep(time.Hour)
				io.WriteString(w, row)
			}
			w.Close()
		}()
		s, err := open(t.Context(), pipeEnv(r), stdinOptions())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		began := time.Now()
		var sizes []int
		var hours []float64
		var b pipeline.Batch
		for {
			b.Reset()
			if err := s.Read(t.Context(), &b); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(b.Records))
			hours = append(hours, time.Since(began).Truncate(time.Hour).Hours())
		}
		if !slices.Equal(sizes, []int{2, 1, 1}) || !slices.Equal(hours, []float64{1, 2, 3}) {
			t.Errorf("batches of %v after %v hours", sizes, hours)
		}
	})
}

// A producer that makes a pause in the first rows, but a short one, doesn't
// change what they are taken for.
func TestStdinShortPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			io.WriteString(w, "v\n1\n")
			time.Sleep(headPatience / 2)
			io.WriteString(w, "1.5\n")
			w.Close()
		}()
		got, err := readAll(t, pipeEnv(r), stdinOptions())
		if err != nil || !slices.Equal(got, []string{"-:2@2 {v: 1.0}", "-:3@4 {v: 1.5}"}) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestStdinStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		defer w.Close()
		s, err := open(t.Context(), pipeEnv(r), stdinOptions())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Read(ctx, &pipeline.Batch{}); err != context.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
	})
}

func TestStdinFails(t *testing.T) {
	broken := errors.New("broken")
	r, w := io.Pipe()
	go func() {
		io.WriteString(w, "v\n1\n")
		w.CloseWithError(broken)
	}()
	if _, err := readAll(t, pipeEnv(r), stdinOptions()); err != broken {
		t.Errorf("got %v", err)
	}
}
