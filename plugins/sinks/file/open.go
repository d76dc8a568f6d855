package file

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/output"
)

// lineFormat is how records become lines.
type lineFormat interface {
	// appendRecord appends a record's line, and any lines that must stand
	// before it. On an error what it returns beside is ignored.
	appendRecord(dst []byte, r *pipeline.Record) ([]byte, error)

	// check looks at a file that is to be appended to. It returns where its
	// last complete line ends: before size if the line after it was cut off,
	// and after size if only its end of line is missing.
	check(f io.ReaderAt, size int64) (end int64, err error)
}

// openFile opens, locks and prepares the file, and returns its size. All it
// holds up to there is complete lines.
func openFile(o Options, format lineFormat, log *slog.Logger) (output.File, int64, error) {
	return output.OpenFile(o.Path, o.Mode, log, func(f *os.File, size int64) (int64, error) { return resume(f, size, format, log) })
}

// newSink returns a sink that goes on at size, where lines end.
func newSink(f output.File, size int64, format lineFormat) pipeline.Sink {
	return output.NewFile(f, size, func(dst []byte, b *pipeline.Batch) []byte {
		for i := range b.Records {
			r := &b.Records[i]
			line, err := format.appendRecord(dst, r)
			if err != nil {
				r.Fail(pipeline.Permanent(err))
				continue
			}
			dst = line
		}
		return dst
	})
}

// resume returns where to go on in a file that holds something, and repairs
// its end.
func resume(f *os.File, size int64, format lineFormat, log *slog.Logger) (int64, error) {
	end, err := format.check(f, size)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", f.Name(), err)
	case end < size:
		log.Warn("the file's last line was cut off and is removed", "file", f.Name(), "bytes", size-end, "text", beginning(f, end))
		return end, f.Truncate(end)
	case end > size: // the last line lacks no more than its end
		_, err = f.WriteAt([]byte{'\n'}, size)
	}
	return end, err
}

// beginning returns what stands at a place, shortened.
func beginning(f io.ReaderAt, at int64) string {
	text := make([]byte, 200)
	n, _ := f.ReadAt(text, at) // it is only shown
	return string(text[:n])
}
