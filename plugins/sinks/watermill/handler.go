package watermill

import (
	"context"
	"errors"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/plugins/watermill"
)

// HandlerOptions are the options of the handler watermill.
type HandlerOptions struct {
	_ struct{} `doc:"puts Watermill's middleware around any handler" example:"watermill: {middleware: [recoverer, {retry: {retries: 3}}], handler: spot}"`

	Handler *pipeline.Bound[pipeline.Handler] `yaml:"handler" doc:"the handler"`

	watermill.HandlerOptions `yaml:",inline"`
}

var _ pipeline.Validator = (*HandlerOptions)(nil)

func init() { pipeline.RegisterHandler("watermill", HandlerOptions{}, openHandler) }

// Validate implements pipeline.Validator.
func (o *HandlerOptions) Validate() error {
	if o.Handler == nil {
		return &pipeline.FieldError{Option: "handler", Err: errors.New("is missing: name the handler that the middleware is around")}
	}
	return nil
}

func openHandler(ctx context.Context, env pipeline.Env, o HandlerOptions) (pipeline.Handler, error) {
	inner, err := o.Handler.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	h, err := watermill.Around(ctx, env, inner, o.HandlerOptions)
	if err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	return h, nil
}
