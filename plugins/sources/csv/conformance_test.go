package csv

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

const conformanceRows = "timestamp,n\n2021-01-01,1\n2021-01-02,2\n2021-01-03,3\n2021-01-04,4\n"

var conformanceValues = []string{
	`{timestamp: "2021-01-01", n: 1}`, `{timestamp: "2021-01-02", n: 2}`,
	`{timestamp: "2021-01-03", n: 3}`, `{timestamp: "2021-01-04", n: 4}`,
}

func TestConformance(t *testing.T) {
	plugintest.Source(t, func(t *testing.T) plugintest.SourceCase {
		path := filepath.Join(t.TempDir(), "data.csv")
		if err := os.WriteFile(path, []byte(conformanceRows), 0o644); err != nil {
			t.Fatal(err)
		}
		return plugintest.SourceCase{Options: "csv: {path: " + strconv.Quote(path) + "}", Want: conformanceValues}
	})
}

func TestConformanceOfStandardInput(t *testing.T) {
	plugintest.Source(t, func(t *testing.T) plugintest.SourceCase {
		return plugintest.SourceCase{
			Options:   "csv: {path: '-'}",
			Want:      conformanceValues,
			NoResumes: true,
			Env:       func(env *pipeline.Env) { env.Stdin = strings.NewReader(conformanceRows) },
		}
	})
}
