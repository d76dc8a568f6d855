package raw_test

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Codec(t, plugintest.CodecCase{
		Options: "raw",
		Values:  []string{"text", "''"},
		Back:    []string{`bytes("text")`, `bytes("")`},
		Unfit:   "{a: 1}",
	})
}
