package average

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Transform(t, []plugintest.TransformCase{
		{Options: "average: {field: v, records: 3}", In: "{v: 1}", Want: "{v: 1, average: 1.0, count: 1}"},
		{Options: "average: {field: v, records: 3}", In: "{v: [1]}", Err: `field "v" is of type list, not a number; cast it before`},
	})
}
