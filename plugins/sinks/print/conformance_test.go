package print

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Sink(t, func(*testing.T) plugintest.SinkCase {
		var out bytes.Buffer
		return plugintest.SinkCase{
			Options: "print",
			Env:     func(env *pipeline.Env) { env.Stdout = &out },
			Stored:  func(int) []string { return strings.Fields(out.String()) },
			Bad:     "{n: .nan}",
		}
	})
}
