package json_test

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	for _, options := range []string{"json", "json: {style: python}"} {
		plugintest.Codec(t, plugintest.CodecCase{
			Options: options,
			Values:  []string{"{a: 1, b: 1.0, c: [x, {d: null}], ä: true}", "{c: [1]}", "[]", "text", "null", "-5"},
			Unfit:   "{a: .nan}",
			Bad:     []string{"", `{"a":`, `{"a":1} {}`, "\xff", `{"a":1e999}`},
		})
	}
}
