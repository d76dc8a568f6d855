// Package compress opens files for reading, decompressing those whose names
// end in .gz or .zst.
package compress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest window that a zstd file may ask for: what the zstd
// tool takes without being told otherwise.
const maxWindow = 128 << 20

// ErrShrank says that a file is shorter than it was when it was opened.
var ErrShrank = errors.New("the file has become shorter while it was read")

// File is a file that is being read. A regular file is read to the end that it
// had when it was opened: what is appended later is left out, and an end that
// comes before is ErrShrank.
type File struct {
	path string
	file *os.File
	size int64        // when opened; -1 if it is not a regular file
	raw  atomic.Int64 // where in the file the next read is

	text io.Reader // the decompressed file; nil until the first Read
}

// Open opens a file. It blocks while a named pipe has no writer.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory, not a file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	size := int64(-1)
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	return &File{path: path, file: f, size: size}, nil
}

// Size returns the bytes that the file takes on the disk, and -1 if that can't
// be known.
func (f *File) Size() int64 { return f.size }

// Consumed returns how many of these have been read. It may be called from any
// goroutine.
func (f *File) Consumed() int64 { return f.raw.Load() }

// Read implements io.Reader.
func (f *File) Read(p []byte) (int, error) {
	if f.text == nil {
		if err := f.start(); err != nil {
			return 0, f.fail(err)
		}
	}
	n, err := f.text.Read(p)
	return n, f.fail(err)
}

// start picks the decompressor.
func (f *File) start() error {
	switch {
	case strings.HasSuffix(f.path, ".gz"):
		z, err := gzip.NewReader((*rawFile)(f))
		if err != nil {
			return err
		}
		f.text = z
	case strings.HasSuffix(f.path, ".zst"):
		z, err := zstd.NewReader((*rawFile)(f), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return err
		}
		f.text = z // without concurrency there is nothing to close
	default:
		f.text = (*rawFile)(f)
	}
	return nil
}

// fail gives an error the file's name.
func (f *File) fail(err error) error {
	var pathError *os.PathError
	switch {
	case err == nil || err == io.EOF || errors.As(err, &pathError):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the compressed data ends too early: %w", f.path, err)
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// SkipTo makes the first Read begin at an offset of the decompressed text. It
// returns io.ErrUnexpectedEOF if the text is not that long.
func (f *File) SkipTo(ctx context.Context, offset int64) error {
	if f.size >= 0 && !IsCompressed(f.path) {
		if offset > f.size {
			return io.ErrUnexpectedEOF
		}
		_, err := f.file.Seek(offset, io.SeekStart)
		f.raw.Store(offset)
		return err
	}
	for offset > 0 {
		n, err := io.CopyN(io.Discard, f, min(offset, skipSize))
		offset -= n
		switch {
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return nil
}

// skipSize is how much is skipped before the context is looked at.
const skipSize = 1 << 20

// IsCompressed reports whether Open decompresses a file of this name.
func IsCompressed(path string) bool {
	return strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".zst")
}

// Close closes the file. It may be called while Read blocks on a pipe.
func (f *File) Close() error { return f.file.Close() }

// rawFile reads a File as it is on the disk.
type rawFile File

// Read implements io.Reader.
func (f *rawFile) Read(p []byte) (int, error) {
	if f.size >= 0 {
		left := f.size - f.raw.Load()
		if left <= 0 {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), left)]
	}
	n, err := f.file.Read(p)
	f.raw.Add(int64(n))
	if err == io.EOF && f.size >= 0 {
		err = ErrShrank
	}
	return n, err
}
