package values

import (
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

func TestError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&Error{What: "is wrong"}, "is wrong"},
		{&Error{Format: "JSON", At: 3, What: "is wrong"}, "invalid JSON at byte 3: is wrong"},
		{InField(&Error{What: "is wrong"}, "a"), "field a: is wrong"},
		{InElement(InElement(&Error{What: "is wrong"}, 2), 1), "field [1][2]: is wrong"},
		{InField(InElement(InField(&Error{Format: "Avro", At: 1, What: "is wrong"}, "b"), 2), "a"), "invalid Avro at byte 1: field a[2].b: is wrong"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// A piece is nobody else's, and can't grow into the next.
func TestSlabs(t *testing.T) {
	var s Slabs
	var pieces [][]pipeline.Field
	var texts []string
	for i := range 300 {
		n := i % (slabElements + 3)
		piece := s.Fields(n)
		if len(piece) != n || cap(piece) != n || len(s.Values(n)) != n {
			t.Fatalf("a piece of %d fields has %d, of a capacity of %d", n, len(piece), cap(piece))
		}
		for j := range piece {
			piece[j].Value = pipeline.Int(int64(i))
		}
		pieces = append(pieces, piece)
		texts = append(texts, s.Text([]byte(strings.Repeat(string(rune('a'+i%26)), i*i%2000))))
	}
	for i := range pieces {
		for _, f := range pieces[i] {
			if f.Value.Int() != int64(i) {
				t.Fatalf("piece %d holds %v", i, f.Value)
			}
		}
		if texts[i] != strings.Repeat(string(rune('a'+i%26)), i*i%2000) {
			t.Fatalf("text %d is %.20q…", i, texts[i])
		}
	}
}
