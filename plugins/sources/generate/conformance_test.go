package generate

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	for options, endless := range map[string]bool{
		"generate: {count: 4, fields: {n: counter, l: {choice: [a]}}}":          false,
		"generate: {interval: 1ms, fields: {n: counter, l: {choice: [a]}}}":     true,
		"generate: {seed: 3, count: 4, fields: {n: counter, l: {constant: a}}}": false,
	} {
		t.Run(options, func(t *testing.T) {
			plugintest.Source(t, func(*testing.T) plugintest.SourceCase {
				return plugintest.SourceCase{
					Options: options,
					Want:    []string{`{n: 0, l: "a"}`, `{n: 1, l: "a"}`, `{n: 2, l: "a"}`, `{n: 3, l: "a"}`},
					Endless: endless,
				}
			})
		})
	}
}
