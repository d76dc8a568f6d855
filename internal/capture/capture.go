// Package capture is the file format in which the capture sink keeps records
// and from which the capture source reads them: everything that a message in
// Kafka has, with null apart from empty.
//
// A file is a line of text, which says what it is and its version, and frames:
//
//	length  4 bytes   of the body
//	count   4 bytes   of the records in it
//	sum     4 bytes   CRC-32C of the body
//	check   4 bytes   CRC-32C of the 12 bytes before
//	body              zstd, of records one after the other
//
// Numbers are little-endian. Each frame stands for itself, so a file that was
// cut off is whole up to its last whole frame. A record is
//
//	length     uvarint    of what follows
//	flags      byte       sameTopic, timed, lined
//	topic      text       unless sameTopic: as the record before
//	partition  varint
//	offset     varint     less that of the record before
//	line       uvarint    if lined
//	time       varint     if timed: seconds since 1970, less those before,
//	           uvarint    and nanoseconds
//	key        nullable
//	value      nullable
//	headers    uvarint    how many; of each the name, a text, and the value, nullable
//
// where a text is a uvarint length and that many bytes, and what is nullable is
// a uvarint, 0 for null, else the length + 1, and the bytes. "Before" is within
// the frame, and all zero at its start.
package capture

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// magic begins every capture.
const magic = "pipeline-capture "

// header is the rest of the first line.
type header struct {
	Version     int    `json:"version"`
	Compression string `json:"compression"`
}

var current = header{Version: 1, Compression: "zstd"}

// maxHeader is the longest first line that is looked at.
const maxHeader = 1 << 10

// AppendHeader appends what a capture begins with.
func AppendHeader(dst []byte) []byte {
	line, err := json.Marshal(current)
	if err != nil {
		panic(err) // it is constant
	}
	return append(append(append(dst, magic...), line...), '\n')
}

const (
	frameHeader = 16

	// A record of more than maxRecord bytes is refused by the writer; a frame
	// holds a batch, which ends with the record that makes it larger than
	// that of the engine.
	maxRecord = 256 << 20
	maxFrame  = 512 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrCut says that a file ends within a frame, or within its header. What is
// before has been read.
var ErrCut = errors.New("the end is cut off")

// errNone is of a file that is something else.
var errNone = errors.New("is not a capture")

// Scanner finds the frames of a file, one after the other.
type Scanner struct {
	r    io.ReaderAt
	size int64
	at   int64 // where the next frame begins
}

// Frame is a frame of a file.
type Frame struct {
	Offset  int64 // of its body
	Length  int   // of its body
	Records int

	sum uint32
}

// NewScanner reads the header of a file of a size. Where that is cut off, it
// returns ErrCut.
func NewScanner(r io.ReaderAt, size int64) (*Scanner, error) {
	start := make([]byte, min(size, maxHeader))
	if _, err := r.ReadAt(start, 0); err != nil && err != io.EOF {
		return nil, err
	}
	n := bytes.IndexByte(start, '\n')
	if !bytes.HasPrefix(start, []byte(magic)[:min(len(magic), len(start))]) || n < 0 && size > maxHeader {
		return nil, errNone
	}
	if n < 0 {
		return nil, ErrCut
	}
	var h header
	if err := json.Unmarshal(start[len(magic):n], &h); err != nil {
		return nil, errNone
	}
	if h != current {
		return nil, fmt.Errorf("is a capture of version %d with compression %q; this program reads version %d with %q", h.Version, h.Compression, current.Version, current.Compression)
	}
	return &Scanner{r: r, size: size, at: int64(n) + 1}, nil
}

// Offset returns where the next frame begins, or would.
func (s *Scanner) Offset() int64 { return s.at }

// Next returns the next frame, whose body is not looked at. At the end it
// returns io.EOF, or ErrCut if it is one that was cut off. Any other error is
// of a frame that is damaged.
func (s *Scanner) Next() (Frame, error) {
	left := s.size - s.at
	if left == 0 {
		return Frame{}, io.EOF
	}
	if left < frameHeader {
		return Frame{}, ErrCut
	}
	var h [frameHeader]byte
	if _, err := s.r.ReadAt(h[:], s.at); err != nil && err != io.EOF {
		return Frame{}, err
	}
	length, records := binary.LittleEndian.Uint32(h[0:]), binary.LittleEndian.Uint32(h[4:])
	if crc32.Checksum(h[:12], castagnoli) != binary.LittleEndian.Uint32(h[12:]) {
		return Frame{}, s.damaged()
	}
	if int64(length) > left-frameHeader {
		return Frame{}, ErrCut
	}
	f := Frame{Offset: s.at + frameHeader, Length: int(length), Records: int(records), sum: binary.LittleEndian.Uint32(h[8:])}
	s.at = f.Offset + int64(length)
	return f, nil
}

// damaged tells damage from an end that the system had made room for when it
// went down, which is zeros.
func (s *Scanner) damaged() error {
	block := make([]byte, 64<<10)
	for at := s.at; at < s.size; {
		n, err := s.r.ReadAt(block[:min(int64(len(block)), s.size-at)], at)
		if n == 0 && err != nil {
			return err
		}
		if len(bytes.TrimLeft(block[:n], "\x00")) > 0 {
			return fmt.Errorf("is damaged at byte %d, where a frame should begin", s.at)
		}
		at += int64(n)
	}
	return ErrCut
}
