package textfile

import (
	"bufio"
	"hash"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	pipeline "github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/compress"
)

// A file that is followed is known by its text up to the end of its first row:
// log rotation gives its name to others, and inodes are used again. The number
// made of this is the partition of its records' origins, so that a position
// says which of these files it is in.

// identity returns a number above 0.
func identity(text []byte) int32 {
	h := fnv.New32a()
	h.Write(text)
	return number(h)
}

func number(h hash.Hash32) int32 { return int32(h.Sum32()>>1) | 1 }

// identityLooked is how much of a file is looked at to know it again.
const identityLooked = 64 << 10

// isFile reports whether a file can be the one with this identity: whether
// that is the one of its text up to some line end.
func isFile(path string, id int32) bool {
	f, err := compress.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	h := fnv.New32a()
	lines := bufio.NewReader(io.LimitReader(f, identityLooked))
	for {
		line, err := lines.ReadSlice('\n')
		h.Write(line)
		switch {
		case err == nil && number(h) == id:
			return true
		case err != nil && err != bufio.ErrBufferFull: // what can't be read is another file
			return false
		}
	}
}

// openFollow lists the file that is to be followed. If it has been renamed
// since an earlier run, the rest of it comes before the one that has its name
// now.
func (s *Source) openFollow() {
	name, format := s.config.Groups[0].Paths[0], s.config.Groups[0].Format
	s.watch = newWatch(name, s.env.Log)
	if at, ok := lastOf(s.env.Position, name); ok && !isFile(name, at.Partition) {
		if now, ok := renamed(name, at.Partition); ok {
			s.env.Log.Info("the file was renamed since it was last followed: first comes the rest of it", "file", name, "renamed", now)
			s.files = append(s.files, newFile(name, now, format))
		} else {
			s.env.Log.Warn("the file is another one than when it was last followed, and that one is not to be found: what may have been added to it is missed", "file", name)
		}
	}
	s.files = append(s.files, &file{name: name, path: name, format: format, follow: true, size: -1})
}

// lastOf returns the position in the latest file of a name.
func lastOf(p pipeline.Position, name string) (pipeline.Origin, bool) {
	for _, at := range slices.Backward(p) {
		if at.Source == name && at.Partition > 0 {
			return at, true
		}
	}
	return pipeline.Origin{}, false
}

// renamed looks for a file in the folder in which it was.
func renamed(name string, id int32) (path string, ok bool) {
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(name), e.Name())
		if e.Type()&fs.ModeType == 0 && path != filepath.Clean(name) && isFile(path, id) {
			return path, true
		}
	}
	return "", false
}
