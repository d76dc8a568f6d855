package file

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// jsonLines is one JSON value per line.
type jsonLines struct{}

func (jsonLines) appendRecord(dst []byte, r *pipeline.Record) ([]byte, error) {
	dst, err := jsonvalue.Append(dst, jsonvalue.OfRecord(r), jsonvalue.Compact)
	return append(dst, '\n'), err
}

func (jsonLines) check(f io.ReaderAt, size int64) (int64, error) {
	end, err := lastLineEnd(f, size)
	if err != nil || end == size {
		return end, err
	}
	rest, err := readRest(f, end, size)
	switch {
	case err != nil:
		return 0, err
	case json.Valid(rest):
		return size + 1, nil
	case rest[0] != '{' && rest[0] != '[' && rest[0] != '"':
		return 0, fmt.Errorf("is not JSON Lines: it ends with %.40q", rest)
	}
	return end, nil
}
