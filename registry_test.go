package pipeline

import (
	"context"
	"fmt"
	"testing"
)

func TestRegisteredTwice(t *testing.T) {
	r := &registry[Codec]{kind: "codec"}
	reg := func() {
		register(r, "mine", struct{}{}, func(context.Context, Env, struct{}) (Codec, error) { return nil, nil })
	}
	reg()
	defer func() {
		const want = `pipeline: codec "mine" is registered twice, by github.com/pipeline-daemon/pipeline and by github.com/pipeline-daemon/pipeline`
		if got := fmt.Sprint(recover()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}()
	reg()
}
