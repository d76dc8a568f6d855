package file

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Sink(t, func(t *testing.T) plugintest.SinkCase {
		path := filepath.Join(t.TempDir(), "out.jsonl")
		return plugintest.SinkCase{
			Options: "file: {path: " + strconv.Quote(path) + "}",
			Stored:  func(int) []string { return strings.Fields(contents(t, path)) },
			Bad:     "{n: .nan}",
		}
	})
}
