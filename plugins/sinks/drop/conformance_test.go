package drop_test

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Sink(t, func(*testing.T) plugintest.SinkCase { return plugintest.SinkCase{Options: "drop"} })
}
