package capture

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"

	"github.com/pipeline-daemon/pipeline"
)

// The flags of a record.
const (
	sameTopic = 1 << iota
	timed
	lined
)

// Writer makes frames. It is not for several goroutines.
type Writer struct {
	zstd      *zstd.Encoder
	body      []byte // of a frame, not compressed
	record    []byte
	maxRecord int
}

// NewWriter returns a writer.
func NewWriter() *Writer {
	// Frames have a sum of their own.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // the options are constant
	}
	return &Writer{zstd: z, maxRecord: maxRecord}
}

// AppendFrame appends a frame of those records that have not failed; nothing if
// there is none. The values are the encoded ones. A record that is too large
// fails.
func (w *Writer) AppendFrame(dst []byte, records []pipeline.Record) []byte {
	w.body = w.body[:0]
	count := 0
	var before before
	for i := range records {
		r := &records[i]
		if r.Failure != nil {
			continue
		}
		was := before
		if w.record = before.appendRecord(w.record[:0], r); len(w.record) > w.maxRecord {
			r.Fail(pipeline.Permanent(fmt.Errorf("the record of %d bytes is larger than a capture takes, which is %v", len(w.record), pipeline.ByteSize(w.maxRecord))))
			before = was
			continue
		}
		w.body = appendText(w.body, w.record)
		count++
	}
	if count == 0 {
		return dst
	}
	at := len(dst)
	dst = append(dst, make([]byte, frameHeader)...)
	dst = w.zstd.EncodeAll(w.body, dst)
	h, body := dst[at:at+frameHeader], dst[at+frameHeader:]
	binary.LittleEndian.PutUint32(h[0:], uint32(len(body)))
	binary.LittleEndian.PutUint32(h[4:], uint32(count))
	binary.LittleEndian.PutUint32(h[8:], crc32.Checksum(body, castagnoli))
	binary.LittleEndian.PutUint32(h[12:], crc32.Checksum(h[:12], castagnoli))
	return dst
}

// before is what a record is written less of: what the one before it has.
type before struct {
	topic   string
	offset  int64
	seconds int64
}

func (b *before) appendRecord(dst []byte, r *pipeline.Record) []byte {
	var flags byte
	if r.Origin.Source == b.topic {
		flags |= sameTopic
	}
	if !r.Time.IsZero() {
		flags |= timed
	}
	if r.Origin.Line != 0 {
		flags |= lined
	}
	dst = append(dst, flags)
	if flags&sameTopic == 0 {
		dst = appendText(dst, r.Origin.Source)
		b.topic = r.Origin.Source
	}
	dst = binary.AppendVarint(dst, int64(r.Origin.Partition))
	dst = binary.AppendVarint(dst, r.Origin.Offset-b.offset)
	b.offset = r.Origin.Offset
	if flags&lined != 0 {
		dst = binary.AppendUvarint(dst, uint64(r.Origin.Line))
	}
	if flags&timed != 0 {
		seconds := r.Time.Unix()
		dst = binary.AppendVarint(dst, seconds-b.seconds)
		dst = binary.AppendUvarint(dst, uint64(r.Time.Nanosecond()))
		b.seconds = seconds
	}
	dst = appendNullable(dst, r.Key)
	dst = appendNullable(dst, r.Encoded)
	dst = binary.AppendUvarint(dst, uint64(len(r.Headers)))
	for _, h := range r.Headers {
		dst = appendText(dst, h.Key)
		dst = appendNullable(dst, h.Value)
	}
	return dst
}

func appendText[T string | []byte](dst []byte, text T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func appendNullable(dst, data []byte) []byte {
	if data == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(data))+1), data...)
}
