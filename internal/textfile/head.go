package textfile

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
)

// headBytes bounds what is read to look at the first rows, beside two rows of
// the greatest length.
const headBytes = 4 << 20

// Head is the beginning of a file. What has been read of it is read again.
type Head struct {
	Name string
	Text *Text // at the first row

	input *input
	id    int32
}

// Next reads on until scan, on h's text, finds a row, and returns what it
// returned. It waits for patience at most, if that is not 0, and then returns
// ErrPatience; and ErrHeadEnds once too much has been read.
func (h *Head) Next(ctx context.Context, scan func() State, patience time.Duration) (State, error) {
	for {
		if st := scan(); st != NeedMore {
			return st, nil
		}
		if err := h.input.fill(ctx, h.Text, patience); err != nil {
			return NeedMore, err
		}
	}
}

// Identify says that the first row has been found: everything up to its end
// tells the file from others that have its name later. It returns at once when
// it is called again.
func (h *Head) Identify() {
	if h.id == 0 {
		h.id = identity(h.input.recorded[:min(int(h.Text.Offset), len(h.input.recorded))])
	}
}

// head returns the beginning of an input, of which it then records what is
// read until begin is called.
func (in *input) head(ctx context.Context, maxRow int) (*Head, error) {
	in.record = headBytes + 2*maxRow
	t, err := in.begin(ctx)
	if err != nil {
		return nil, err
	}
	return &Head{Name: in.name, Text: t, input: in}, nil
}

const byteOrderMark = "\xef\xbb\xbf"

func hasByteOrderMark(text []byte) bool { return bytes.HasPrefix(text, []byte(byteOrderMark)) }

// marks are how files begin that are not text, or not quite.
var marks = []struct{ begin, is string }{
	{byteOrderMark, ""},
	{"\x1f\x8b", "gzip; name it .gz to have it decompressed"},
	{"\x28\xb5\x2f\xfd", "zstd; name it .zst to have it decompressed"},
	{"PK\x03\x04", "a zip archive or a spreadsheet; unpack it, or save it as CSV"},
	{"\xff\xfe", "UTF-16; convert it to UTF-8"},
	{"\xfe\xff", "UTF-16; convert it to UTF-8"},
}

// undecided reports whether more of a file must be seen to say what it is.
func undecided(begin []byte) bool {
	for _, m := range marks {
		if len(begin) < len(m.begin) && strings.HasPrefix(m.begin, string(begin)) {
			return true
		}
	}
	return false
}

// checkText returns what a file is that begins like this, if it is not text.
func checkText(name string, begin []byte) error {
	is := ""
	if bytes.IndexByte(begin, 0) >= 0 {
		is = "a binary file, not text: it has zero bytes"
	}
	for _, m := range marks {
		if m.is != "" && bytes.HasPrefix(begin, []byte(m.begin)) {
			is = m.is
		}
	}
	if is == "" {
		return nil
	}
	return fmt.Errorf("%s:1: this looks like %s", name, is)
}
