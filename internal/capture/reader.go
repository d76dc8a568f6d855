package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pipeline-daemon/pipeline"
)

// Reader reads frames' bodies. It is not for several goroutines.
type Reader struct {
	zstd *zstd.Decoder
	data []byte // of a body, compressed
}

// NewReader returns a reader.
func NewReader() *Reader {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrame))
	if err != nil {
		panic(err) // the options are constant
	}
	return &Reader{zstd: z}
}

// Body returns the records of a frame. Their memory is never used again.
func (r *Reader) Body(from io.ReaderAt, f Frame) (*Body, error) {
	damaged := func(what string) error {
		return fmt.Errorf("is damaged: the frame of %d records at byte %d %s", f.Records, f.Offset-frameHeader, what)
	}
	if cap(r.data) < f.Length {
		r.data = make([]byte, f.Length)
	}
	data := r.data[:f.Length]
	if _, err := from.ReadAt(data, f.Offset); err != nil && err != io.EOF {
		return nil, err
	}
	if crc32.Checksum(data, castagnoli) != f.sum {
		return nil, damaged("is not what was written")
	}
	body, err := r.zstd.DecodeAll(data, nil)
	if err != nil {
		return nil, damaged("can't be decompressed: " + err.Error())
	}
	return &Body{rest: body, left: f.Records}, nil
}

// Body is the records of a frame that are still to be read.
type Body struct {
	rest   []byte
	left   int
	before before
}

// Left returns how many records are left.
func (b *Body) Left() int { return b.left }

var errBody = errors.New("is damaged: a frame does not hold the records that it should")

// Next adds the next record to a batch and returns it. Its origin is the one
// that it had when it was written, and its value is in Raw.
func (b *Body) Next(to *pipeline.Batch) (*pipeline.Record, error) {
	p := parser{rest: b.rest}
	record := parser{rest: p.bytes(p.uvarint())}
	if p.bad || b.left == 0 {
		return nil, errBody
	}
	b.rest = p.rest
	b.left--
	r := to.Add(len(record.rest))
	if !record.record(r, &b.before) || b.left == 0 && len(b.rest) > 0 {
		to.Records = to.Records[:len(to.Records)-1]
		return nil, errBody
	}
	return r, nil
}

// parser takes apart a record. Once something is missing it is bad, and what it
// returns means nothing.
type parser struct {
	rest []byte
	bad  bool
}

// record reads a whole record, and reports whether it is one.
func (p *parser) record(r *pipeline.Record, before *before) bool {
	flags := p.byte()
	if flags&sameTopic == 0 {
		before.topic = string(p.bytes(p.uvarint()))
	}
	partition := p.varint()
	r.Origin = pipeline.Origin{Source: before.topic, Partition: int32(partition)}
	before.offset += p.varint()
	r.Origin.Offset = before.offset
	if flags&lined != 0 {
		r.Origin.Line = int64(p.uvarint())
	}
	if flags&timed != 0 {
		before.seconds += p.varint()
		nanos := p.uvarint()
		p.bad = p.bad || nanos >= 1e9
		r.Time = time.Unix(before.seconds, int64(nanos)).UTC()
	}
	r.Key, r.Raw = p.nullable(), p.nullable()
	headers := p.uvarint()
	for ; headers > 0 && !p.bad; headers-- {
		r.Headers = append(r.Headers, pipeline.Header{Key: string(p.bytes(p.uvarint())), Value: p.nullable()})
	}
	return !p.bad && len(p.rest) == 0 && int64(int32(partition)) == partition && flags&^(sameTopic|timed|lined) == 0
}

func (p *parser) byte() byte {
	b := p.bytes(1)
	if p.bad {
		return 0
	}
	return b[0]
}

// bytes returns the next n bytes, which are not nil and can't be appended to.
func (p *parser) bytes(n uint64) []byte {
	if n > uint64(len(p.rest)) {
		p.bad = true
	}
	if p.bad {
		return []byte{}
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) nullable() []byte {
	n := p.uvarint()
	if n == 0 {
		return nil
	}
	return p.bytes(n - 1)
}

func (p *parser) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	return v * p.took(n)
}

func (p *parser) varint() int64 {
	v, n := binary.Varint(p.rest)
	return v * int64(p.took(n))
}

// took goes on behind a number of n bytes, and returns 1; 0 if there is none.
func (p *parser) took(n int) uint64 {
	if p.bad = p.bad || n <= 0; p.bad {
		return 0
	}
	p.rest = p.rest[n:]
	return 1
}
