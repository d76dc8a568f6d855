package avro

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/values"
)

const (
	// maxDepth bounds how deep a recursive schema's values may be nested.
	maxDepth = 512
	// spareElements bounds the elements that need no bytes, such as nulls, of
	// which a few bytes could otherwise announce any number.
	spareElements = 1 << 16
)

// decoder is where the reading of one value is. It keeps its working memory.
type decoder struct {
	data     []byte
	at       int
	depth    int
	elements int              // how many more there may be in lists and maps
	reuse    []pipeline.Field // for the fields of the outermost record

	// The elements and fields read so far of the lists and maps that are not
	// yet complete, the innermost last.
	values []pipeline.Value
	fields []pipeline.Field

	slabs values.Slabs
}

// registryHeader is the length of what producers with a schema registry put
// before a value: a zero byte and the schema's number.
const registryHeader = 5

// decode reads data, which holds one value of type t and nothing else, into v.
// If v holds a struct, its memory is used again.
func (d *decoder) decode(t node, data []byte, v *pipeline.Value) error {
	if v.Kind() == pipeline.KindStruct {
		d.reuse = v.Fields()
	}
	got, err := d.read(t, data)
	d.reuse = nil
	if err == nil {
		*v = got
		return nil
	}
	if len(data) > registryHeader && data[0] == 0 {
		if _, framed := d.read(t, data[registryHeader:]); framed == nil {
			return &values.Error{Format: "Avro", At: 1, What: "begins with the header of a schema registry, which this codec doesn't read"}
		}
	}
	return err
}

func (d *decoder) read(t node, data []byte) (pipeline.Value, error) {
	d.data, d.at, d.depth, d.elements = data, 0, 0, len(data)+spareElements
	d.values, d.fields = d.values[:0], d.fields[:0]
	v, err := t.decode(d)
	if err == nil && d.at < len(data) {
		err = d.wrong("%d bytes are left after the value: it was written with another schema", len(data)-d.at)
	}
	d.data = nil
	return v, err
}

func (d *decoder) wrong(format string, args ...any) error {
	return &values.Error{Format: "Avro", At: d.at + 1, What: fmt.Sprintf(format, args...)}
}

// long reads an integer in Avro's variable length, which is that of Go's.
func (d *decoder) long() (int64, error) {
	v, n := binary.Varint(d.data[d.at:])
	switch {
	case n == 0:
		return 0, d.wrong("ends in the middle of a number")
	case n < 0:
		return 0, d.wrong("holds an integer of more than 64 bits")
	}
	d.at += n
	return v, nil
}

// take returns the next n bytes.
func (d *decoder) take(n int64) ([]byte, error) {
	if n < 0 {
		return nil, d.wrong("a length of %d: the value is corrupt, or was not written with this schema", n)
	}
	if n > int64(len(d.data)-d.at) {
		return nil, d.wrong("wants %d bytes, of which %d are there", n, len(d.data)-d.at)
	}
	b := d.data[d.at : d.at+int(n) : d.at+int(n)]
	d.at += int(n)
	return b, nil
}

// bytes reads a length and as many bytes.
func (d *decoder) bytes() ([]byte, error) {
	n, err := d.long()
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

// text reads a string.
func (d *decoder) text() (string, error) {
	b, err := d.bytes()
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", d.wrong("text is not UTF-8")
	}
	return values.Shared(b), nil
}

// enter counts a record, list or map that begins; leave, one that ends.
func (d *decoder) enter() error {
	if d.depth++; d.depth > maxDepth {
		return d.wrong("nested more than %d deep", maxDepth)
	}
	return nil
}

func (d *decoder) leave() { d.depth-- }

// each calls read for every element of a list or map, which come in blocks.
func (d *decoder) each(read func() error) error {
	if err := d.enter(); err != nil {
		return err
	}
	for {
		n, err := d.block()
		if err != nil {
			return err
		}
		if n == 0 {
			d.leave()
			return nil
		}
		for range n {
			if err := read(); err != nil {
				return err
			}
		}
	}
}

// block reads how many elements follow, 0 at the end of a list or map.
func (d *decoder) block() (int, error) {
	n, err := d.long()
	if err == nil && n < 0 {
		n = -n
		_, err = d.long() // the block's size, for those who skip it
	}
	if err != nil {
		return 0, err
	}
	if n < 0 || n > int64(d.elements) {
		return 0, d.wrong("announces %d elements, more than its bytes can hold", uint64(n))
	}
	d.elements -= int(n)
	return int(n), nil
}

// room returns memory for the n fields of a record.
func (d *decoder) room(n int) []pipeline.Field {
	if d.depth == 1 && cap(d.reuse) >= n {
		return d.reuse[:n]
	}
	return d.slabs.Fields(n)
}
