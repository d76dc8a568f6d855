package file

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/textfile"
)

// FuzzRead reads any text: every line is a record, in order, with its place;
// the same however the text comes; and a run that goes on after a record gives
// those that follow it.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"", "\n", "{\"t\":1}\n\n2\r\n", nasty, "\xef\xbb\xbf", strings.Repeat("x", 100) + "\ny"} {
		f.Add([]byte(text), true, uint8(0))
		f.Add([]byte(text), false, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, asJSON bool, after uint8) {
		change := func(o *Options) {
			if o.MaxLine = 60; !asJSON {
				o.Format = "lines"
			}
		}
		o := options(change)
		o.Path = []string{write(t, t.TempDir(), "a", string(text))}
		all, origins, err := readAll(t, testEnv(), o)
		if err != nil {
			if !strings.Contains(err.Error(), "this looks like") {
				t.Fatal(err)
			}
			return
		}
		checkLines(t, text, asJSON, all, origins)

		env := testEnv()
		env.Stdin = iotest.OneByteReader(bytes.NewReader(text))
		piped := o
		piped.Path = []string{textfile.Stdin}
		slowly, _, err := readAll(t, env, piped)
		for i := range slowly {
			slowly[i] = "a" + strings.TrimPrefix(slowly[i], "-")
		}
		if diff := cmp.Diff(firstBytes(all), firstBytes(slowly)); err != nil || diff != "" {
			t.Fatalf("byte by byte: %v (-want +got):\n%s", err, diff)
		}

		if len(all) > 0 {
			i := int(after) % len(all)
			env := testEnv()
			env.Position = pipeline.Position{origins[i]}
			rest, _, err := readAll(t, env, o)
			if diff := cmp.Diff(all[i+1:], rest); err != nil || diff != "" {
				t.Fatalf("after record %d: %v (-want +got):\n%s", i, err, diff)
			}
		}
	})
}

// firstBytes cuts what is kept of lines that are too long: it depends on how
// they come.
func firstBytes(records []string) []string {
	cut := make([]string, len(records))
	for i, r := range records {
		if before, _, long := strings.Cut(r, "FAILED the line is longer"); long {
			r = before
		}
		cut[i] = r
	}
	return cut
}

// checkLines compares records with what package bytes takes for lines, and
// package json for JSON.
func checkLines(t *testing.T, text []byte, asJSON bool, all []string, origins []pipeline.Origin) {
	t.Helper()
	n := 0
	offset, number := 0, int64(0)
	for line := range bytes.Lines(text) {
		at := offset
		offset += len(line)
		number++
		if number == 1 && bytes.HasPrefix(line, []byte("\xef\xbb\xbf")) {
			at, line = at+3, line[3:]
			if len(line) == 0 {
				continue
			}
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if asJSON && len(bytes.Trim(line, " \t")) == 0 {
			continue
		}
		if n == len(all) {
			t.Fatalf("line %d, %q, is missing", number, line)
		}
		if origins[n].Offset != int64(at) || origins[n].Line != number {
			t.Fatalf("line %d at %d has the origin %+v", number, at, origins[n])
		}
		failed := strings.Contains(all[n], " FAILED ")
		if !asJSON && failed != (len(line) > 60) {
			t.Fatalf("line %q: %s", line, all[n])
		}
		if asJSON && !failed && !json.Valid(line) {
			t.Fatalf("%q is taken for JSON: %s", line, all[n])
		}
		n++
	}
	if n != len(all) {
		t.Fatalf("%d lines have become %d records: %s", n, len(all), strings.Join(all, "\n"))
	}
}
