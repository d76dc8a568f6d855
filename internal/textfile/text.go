package textfile

import "bytes"

// State is what a scan for the next row comes to.
type State int

// The states of a scan.
const (
	Found    State = iota // a row
	NeedMore              // nothing, until there is more text
	Finished              // nothing: there are no more rows
)

const (
	blockSize = 64 << 10
	minRead   = 4 << 10 // a read of less is not worth its call
)

// Text is what is at hand of a text, from the next row on. It does no reading:
// more text is put into Room, and then there is more of it.
//
// Lines are slices of the blocks that the text was put into. A block is never
// used again, so they may be kept. A line that is too long is not held.
type Text struct {
	Offset int64 // where in the text the next row starts
	Line   int64 // on which line, from 1

	block    []byte
	pos      int // where in block the next row starts
	ended    bool
	skipping bool // the next row starts after the end of a line that was too long
}

// NewText returns a text that begins at an offset and on a line.
func NewText(offset, line int64) *Text { return &Text{Offset: offset, Line: line} }

// Room returns where to put more text.
func (t *Text) Room() []byte {
	if cap(t.block)-len(t.block) < minRead {
		rest := t.block[t.pos:]
		block := make([]byte, len(rest), max(blockSize, 2*len(rest)))
		copy(block, rest)
		t.block, t.pos = block, 0
	}
	return t.block[len(t.block):cap(t.block)]
}

// Filled says that n bytes of text have been put into Room.
func (t *Text) Filled(n int) { t.block = t.block[:len(t.block)+n] }

// End says that there will be no more text.
func (t *Text) End() { t.ended = true }

// Ended reports whether there will be no more text.
func (t *Text) Ended() bool { return t.ended }

// Rest returns the text that is at hand.
func (t *Text) Rest() []byte { return t.block[t.pos:] }

// Peek returns the next line, without its end, and the size of both, which
// Advance takes. A line of more than most bytes is returned as far as it is at
// hand, with a size of 0 if that is not all of it; the next row is then after
// its end.
func (t *Text) Peek(most int) (line []byte, size int, st State) {
	if t.skipping && !t.skip() {
		return nil, 0, t.wanting()
	}
	rest := t.block[t.pos:]
	n := bytes.IndexByte(rest, '\n')
	switch {
	case n >= 0:
		line, size = rest[:n], n+1
	case len(rest) > most+1: // the last byte may be half a CRLF
		t.skipping = true
		return rest, 0, Found
	case len(rest) == 0 || !t.ended:
		return nil, 0, t.wanting()
	default:
		line, size = rest, len(rest)
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), size, Found
}

// Advance goes on to what is after size bytes and some line ends.
func (t *Text) Advance(size int, lines int64) {
	t.pos += size
	t.Offset += int64(size)
	t.Line += lines
}

func (t *Text) wanting() State {
	if t.ended {
		return Finished
	}
	return NeedMore
}

// skip drops the text up to the end of the line, and reports whether it has
// found that.
func (t *Text) skip() bool {
	rest := t.block[t.pos:]
	n := bytes.IndexByte(rest, '\n')
	if n >= 0 {
		t.Advance(n+1, 1)
		t.skipping = false
		return true
	}
	t.Offset += int64(len(rest))
	t.block = t.block[:t.pos] // nobody has seen what is dropped, so its room is free
	return false
}
