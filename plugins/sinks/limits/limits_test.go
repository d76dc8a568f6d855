package limits

import (
	"testing"

	"github.com/pipeline-daemon/pipeline/plugins/plugintest"
)

func TestHandler(t *testing.T) {
	plugintest.Handler(t, []plugintest.HandlerCase{
		{Options: "limits", In: "{value: 10}"},
		{Options: "limits", In: "{value: 90}"},
		{Options: "limits", In: "{value: a}", Err: `field "value" is not a number`},
	})
}
