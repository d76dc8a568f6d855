package file

import (
	"bytes"
	"fmt"
	"io"
)

// maxLine bounds how far back the end of the last complete line is looked for.
const maxLine = 16 << 20

const blockSize = 64 << 10

// lastLineEnd returns the place after the last \n before size; 0 if there is
// none.
func lastLineEnd(f io.ReaderAt, size int64) (int64, error) {
	block := make([]byte, blockSize)
	for to := size; to > 0; {
		from := max(to-blockSize, 0)
		if size-from > maxLine+blockSize {
			return 0, fmt.Errorf("has no end of line in its last %d bytes", maxLine)
		}
		b := block[:to-from]
		if _, err := f.ReadAt(b, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		to = from
	}
	return 0, nil
}

// lastRowEnd returns the place after the last \n before size that is not in
// quotes, 0 if there is none, and whether the file ends in quotes. Whether a
// byte is in quotes depends on everything before it.
func lastRowEnd(f io.ReaderAt, size int64) (end int64, quoted bool, err error) {
	block := make([]byte, blockSize)
	for from := int64(0); from < size; from += blockSize {
		b := block[:min(blockSize, size-from)]
		if _, err := f.ReadAt(b, from); err != nil {
			return 0, false, err
		}
		quoted = quoted != oddQuotes(b)
		inside := quoted
		for i := len(b); ; {
			line := bytes.LastIndexByte(b[:i], '\n')
			if line < 0 {
				break
			}
			if inside = inside != oddQuotes(b[line:i]); !inside {
				end = from + int64(line) + 1
				break
			}
			i = line
		}
	}
	return end, quoted, nil
}

func oddQuotes(b []byte) bool { return bytes.Count(b, []byte{'"'})%2 == 1 }

// readRest returns what follows the last complete line.
func readRest(f io.ReaderAt, end, size int64) ([]byte, error) {
	if size-end > maxLine {
		return nil, fmt.Errorf("ends with a line of more than %d bytes", maxLine)
	}
	rest := make([]byte, size-end)
	_, err := f.ReadAt(rest, end)
	return rest, err
}
