package avro

import "github.com/pipeline-daemon/pipeline"

// slabs are what the memory of decoded values is cut from, so that many small
// pieces cost one allocation. A slab is never written twice, and lives as long
// as a piece of it does.
type slabs struct {
	fieldSlab []pipeline.Field
	valueSlab []pipeline.Value
	textSlab  []byte
}

const (
	slabElements = 64
	slabBytes    = 4 << 10
)

// fields returns memory for n fields.
func (s *slabs) fields(n int) []pipeline.Field { return cut(&s.fieldSlab, n) }

// values returns memory for n values.
func (s *slabs) values(n int) []pipeline.Value { return cut(&s.valueSlab, n) }

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

// text returns a copy of b, which is short.
func (s *slabs) text(b []byte) string {
	if len(b) > cap(s.textSlab)-len(s.textSlab) {
		s.textSlab = make([]byte, 0, max(slabBytes, len(b)))
	}
	start := len(s.textSlab)
	s.textSlab = append(s.textSlab, b...)
	return unsafeString(s.textSlab[start:])
}
