// Package spot is a handler in Watermill's signature, to be copied and changed.
//
// Of the messages that it is given it returns those of which the field status
// is not ok, with that status in the metadata spotted.
package spot

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// Options are the options of the handler. Without any of its own, and without
// documents, one line registers a function: watermill.RegisterHandler("spot", spot).
type Options struct {
	_ struct{} `doc:"passes on what is not ok; an example of a function in Watermill's signature" example:"spot: {middleware: [recoverer, {timeout: 5s}]}"`

	watermill.HandlerOptions `yaml:",inline"`
}

func init() {
	watermill.RegisterHandlerWith("spot", Options{}, func(_ context.Context, _ pipeline.Env, o Options) (message.HandlerFunc, watermill.HandlerOptions, error) {
		return spot, o.HandlerOptions, nil
	})
}

func spot(m *message.Message) ([]*message.Message, error) {
	var reading struct{ Status string }
	if err := json.Unmarshal(m.Payload, &reading); err != nil {
		return nil, fmt.Errorf("the payload is not a reading: %w", err)
	}
	if reading.Status == "ok" {
		return nil, nil
	}
	m.Metadata.Set("spotted", reading.Status)
	return []*message.Message{m}, nil
}
