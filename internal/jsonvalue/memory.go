package jsonvalue

import (
	"unsafe"

	"github.com/pipeline-daemon/pipeline"
)

// What is decoded is cut from slabs, so that many small pieces cost one
// allocation. A slab is never written twice, and lives as long as a piece of
// it does.
const (
	slabElements = 64
	slabBytes    = 4 << 10
)

// keepFields returns a copy of fs, in room if it fits.
func (d *Decoder) keepFields(fs, room []pipeline.Field) []pipeline.Field {
	n := len(fs)
	switch {
	case n <= cap(room):
		return append(room, fs...)
	case n > slabElements:
		return append([]pipeline.Field(nil), fs...)
	case n > len(d.fieldSlab):
		d.fieldSlab = make([]pipeline.Field, slabElements)
	}
	room = d.fieldSlab[:0:n]
	d.fieldSlab = d.fieldSlab[n:]
	return append(room, fs...)
}

// keepValues returns a copy of vs.
func (d *Decoder) keepValues(vs []pipeline.Value) []pipeline.Value {
	n := len(vs)
	switch {
	case n > slabElements:
		return append([]pipeline.Value(nil), vs...)
	case n > len(d.valueSlab):
		d.valueSlab = make([]pipeline.Value, slabElements)
	}
	room := d.valueSlab[:0:n]
	d.valueSlab = d.valueSlab[n:]
	return append(room, vs...)
}

// keepText returns a copy of b.
func (d *Decoder) keepText(b []byte) string {
	n := len(b)
	if n > slabBytes/4 {
		return string(b)
	}
	if n > cap(d.textSlab)-len(d.textSlab) {
		d.textSlab = make([]byte, 0, slabBytes)
	}
	start := len(d.textSlab)
	d.textSlab = append(d.textSlab, b...)
	return unsafeString(d.textSlab[start:])
}

// unsafeString returns b, which nobody changes, as a string.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
