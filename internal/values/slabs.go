package values

import (
	"unsafe"

	"github.com/pipeline-daemon/pipeline"
)

// Slabs are what the memory of decoded values is cut from, so that many small
// pieces cost one allocation. A slab is never written twice, and lives as long
// as a piece of it does. The zero Slabs are ready.
type Slabs struct {
	fields []pipeline.Field
	values []pipeline.Value
	text   []byte
}

const (
	slabElements = 64
	slabBytes    = 4 << 10
)

// Fields returns memory for n fields.
func (s *Slabs) Fields(n int) []pipeline.Field { return cut(&s.fields, n) }

// Values returns memory for n values.
func (s *Slabs) Values(n int) []pipeline.Value { return cut(&s.values, n) }

func cut[T any](slab *[]T, n int) []T {
	switch {
	case n > slabElements:
		return make([]T, n)
	case n > len(*slab):
		*slab = make([]T, slabElements)
	}
	piece := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return piece
}

// Text returns a copy of b.
func (s *Slabs) Text(b []byte) string {
	if len(b) > slabBytes/4 {
		return string(b)
	}
	if len(b) > cap(s.text)-len(s.text) {
		s.text = make([]byte, 0, slabBytes)
	}
	start := len(s.text)
	s.text = append(s.text, b...)
	return Shared(s.text[start:])
}

// Shared returns b, which nobody may change any more, as a string.
func Shared(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
