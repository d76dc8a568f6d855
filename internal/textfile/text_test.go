package textfile

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// lines returns the lines of what r reads, with their places.
func lines(t *testing.T, most int, r io.Reader) []string {
	t.Helper()
	text := NewText(0, 1)
	var got []string
	for {
		line, size, st := text.Peek(most)
		switch st {
		case Found:
			cut := ""
			if len(line) > most {
				line, cut = line[:most], "…"
			}
			got = append(got, fmt.Sprintf("%d@%d %q%s", text.Line, text.Offset, line, cut))
			if size > 0 {
				text.Advance(size, 1)
			}
		case NeedMore:
			n, err := r.Read(text.Room())
			text.Filled(n)
			if err == io.EOF {
				text.End()
			} else if err != nil {
				t.Fatal(err)
			}
		case Finished:
			return got
		}
	}
}

func TestLines(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a\nb", []string{`1@0 "a"`, `2@2 "b"`}},
		{"a\r\n\r\n\n", []string{`1@0 "a"`, `2@3 ""`, `3@5 ""`}},
		{"a\r", []string{`1@0 "a"`}},
		{"a\rb\r\r\n", []string{`1@0 "a\rb\r"`}},
		{"12345\r\n12345", []string{`1@0 "12345"`, `2@7 "12345"`}},
		{"123456\nb\n", []string{`1@0 "12345"…`, `2@7 "b"`}},
		{"12345678901234567890\nb", []string{`1@0 "12345"…`, `2@21 "b"`}},
		{"a\n12345678", []string{`1@0 "a"`, `2@2 "12345"…`}},
	} {
		for name, r := range map[string]io.Reader{
			"at once":       strings.NewReader(tc.text),
			"byte by byte":  iotest.OneByteReader(strings.NewReader(tc.text)),
			"EOF with data": iotest.DataErrReader(strings.NewReader(tc.text)),
		} {
			if diff := cmp.Diff(tc.want, lines(t, 5, r)); diff != "" {
				t.Errorf("%q, %s (-want +got):\n%s", tc.text, name, diff)
			}
		}
	}
}

// A line of 100 MB is never held.
func TestLongLine(t *testing.T) {
	const most = 1 << 20
	left := 100 << 20
	text := NewText(0, 1)
	for largest := 0; left > 0; {
		if line, size, st := text.Peek(most); st == Found && (size != 0 || len(line) <= most) {
			t.Fatalf("a line of %d bytes is found", len(line))
		}
		n := min(len(text.Room()), left)
		text.Filled(n)
		left -= n
		if largest = max(largest, cap(text.block)); largest > 4*most {
			t.Fatalf("a block of %d bytes", largest)
		}
	}
	copy(text.Room(), "\nb\n")
	text.Filled(3)
	if line, _, st := text.Peek(most); st != Found || string(line) != "b" || text.Line != 2 || text.Offset != 100<<20+1 {
		t.Errorf("%q, %v, on line %d at %d", line, st, text.Line, text.Offset)
	}
}

// Lines may be kept: their memory is not used again.
func TestLinesAreKept(t *testing.T) {
	text := NewText(0, 1)
	var kept [][]byte
	for i := range 100_000 {
		n := copy(text.Room(), fmt.Sprintf("line %d\n", i))
		text.Filled(n)
		line, size, st := text.Peek(100)
		if st != Found {
			t.Fatal(i)
		}
		kept = append(kept, line)
		text.Advance(size, 1)
	}
	for i, line := range kept {
		if string(line) != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d has become %q", i, line)
		}
	}
}
