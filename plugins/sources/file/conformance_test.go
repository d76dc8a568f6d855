package file

import (
	"strconv"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		options, text string
		want          []string
		endless       bool
	}{
		{"", "{\"n\":1}\n{\"n\":2}\n\n{\"n\":3}", []string{`{n: 1}`, `{n: 2}`, `{n: 3}`}, false},
		{", format: lines", "a\nb\nc\n", []string{`"a"`, `"b"`, `"c"`}, false},
		{", follow: true", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", []string{`{n: 1}`, `{n: 2}`, `{n: 3}`}, true},
	} {
		t.Run(c.options, func(t *testing.T) {
			plugintest.Source(t, func(t *testing.T) plugintest.SourceCase {
				path := write(t, t.TempDir(), "data.jsonl", c.text)
				return plugintest.SourceCase{Options: "file: {path: " + strconv.Quote(path) + c.options + "}", Want: c.want, Endless: c.endless}
			})
		})
	}
}

func TestConformanceOfStandardInput(t *testing.T) {
	plugintest.Source(t, func(t *testing.T) plugintest.SourceCase {
		return plugintest.SourceCase{
			Options:   "file: {path: '-', format: lines}",
			Want:      []string{`"a"`, `"b"`, `"c"`},
			NoResumes: true,
			Env:       func(env *pipeline.Env) { env.Stdin = strings.NewReader("a\nb\nc\n") },
		}
	})
}
