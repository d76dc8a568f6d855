package file

import (
	"testing"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestMistakes(t *testing.T) {
	plugintest.Mistakes(t, pipeline.BindSource, []plugintest.Mistake{
		{Options: `file: {}`,
			Want: `t.yaml:1:7: path: names no file`},
		{Options: `file: {path: ""}`,
			Want: `t.yaml:1:8: path: an empty name is no file`},
		{Options: `file: {path: [a, b], follow: true}`,
			Want: `t.yaml:1:22: follow: follows one file, and path names 2`},
		{Options: `file: {path: a, format: csv}`,
			Want: `t.yaml:1:17: format: wants json or lines, not "csv"; how times are written is time_format`},
		{Options: `file: {path: a, format: lines, timestamp: t}`,
			Want: `t.yaml:1:32: timestamp: lines of text have no field "t": use format: json`},
		{Options: `file: {path: a, time_format: unix}`,
			Want: `t.yaml:1:17: time_format: is of use only with timestamp, the field with the event time`},
		{Options: `file: {path: a, dst: reject}`,
			Want: `t.yaml:1:17: dst: is of use only with timestamp, the field with the event time`},
		{Options: `file: {path: a, timestamp: t, time_format: "%Y"}`,
			Want: `t.yaml:1:31: time_format: format "%Y" lacks %m`},
		{Options: `file: {path: a, timezone: Berlin}`,
			Want: `t.yaml:1:17: timezone: wants an IANA name such as UTC or Europe/Berlin, not "Berlin"`},
		{Options: `file: {path: a, max_line: 2GiB}`,
			Want: `t.yaml:1:17: max_line: wants between 1 byte and 1GiB, not 2GiB`},
	})
}
