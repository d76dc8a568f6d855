package watermill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/pipeline-daemon/pipeline"
)

// HandlerOptions are the options of a handler that is a function in Watermill's
// signature.
type HandlerOptions struct {
	_          struct{}     `doc:"a function in Watermill's signature"`
	Middleware []Middleware `yaml:"middleware" doc:"what is around the function, the outermost first: names of middleware, or {name: options}"`

	pipeline.CodecOption `yaml:",inline"`
}

// RegisterHandler makes a function in Watermill's signature a handler of that
// name. Call it from init; it panics if the name is taken.
//
// A nil error is done, any other one a failed record; so is a message that the
// function has nacked. The messages that it returns go on, where the handler is
// among the transforms, with the key and the time of the record; it may return
// the one that it got. With several workers, several goroutines call f.
func RegisterHandler(name string, f message.HandlerFunc) {
	RegisterHandlerWith(name, HandlerOptions{}, func(_ context.Context, _ pipeline.Env, o HandlerOptions) (message.HandlerFunc, HandlerOptions, error) {
		return f, o, nil
	})
}

// NoPublish makes a function that returns no messages one that may be registered.
func NoPublish(f message.NoPublishHandlerFunc) message.HandlerFunc {
	return func(m *message.Message) ([]*message.Message, error) { return nil, f(m) }
}

// RegisterHandlerWith is RegisterHandler for a function that has options of its
// own, in which those of all of them are embedded, tagged ",inline". open makes
// the function, for every pipeline that is run.
func RegisterHandlerWith[O any](name string, defaults O, open func(context.Context, pipeline.Env, O) (message.HandlerFunc, HandlerOptions, error)) {
	pipeline.RegisterHandler(name, defaults, func(ctx context.Context, env pipeline.Env, own O) (pipeline.Handler, error) {
		f, o, err := open(ctx, env, own)
		if err != nil {
			return nil, err
		}
		codec, err := openCodec(ctx, env, o.Codec)
		if err != nil {
			return nil, err
		}
		h := &handler{log: env.Log, codec: codec, wantsPayload: true}
		return pipeline.OneByOne(h), h.around(f, o.Middleware)
	})
}

// Around puts middleware around any handler.
func Around(ctx context.Context, env pipeline.Env, inner pipeline.Handler, o HandlerOptions) (pipeline.Handler, error) {
	codec, err := openCodec(ctx, env, o.Codec)
	if err != nil {
		return nil, err
	}
	h := &handler{log: env.Log, codec: codec, inner: inner, wantsPayload: needPayload(o.Middleware)}
	return pipeline.OneByOne(h), h.around(h.callInner, o.Middleware)
}

// openCodec opens the codec of a handler, JSON if it names none.
func openCodec(ctx context.Context, env pipeline.Env, c *pipeline.Bound[pipeline.Codec]) (pipeline.Codec, error) {
	if c == nil {
		var err error
		if c, err = pipeline.BindCodec(jsonCodec); err != nil {
			return nil, nil // a program without JSON, where values come encoded
		}
	}
	return c.Open(ctx, env)
}

// handler runs Watermill's functions on records.
type handler struct {
	log          *slog.Logger
	codec        pipeline.Codec
	chain        message.HandlerFunc
	inner        pipeline.Handler // nil: the chain ends in a function
	wantsPayload bool
	seen         *seen // the deduplicator's; nil: there is none

	record *pipeline.Record // that is being handled
	batch  pipeline.Batch   // for the inner handler, with results
	out    pipeline.Results
}

var _ pipeline.RecordHandler = (*handler)(nil)

// HandleRecord implements pipeline.RecordHandler.
func (h *handler) HandleRecord(ctx context.Context, r *pipeline.Record, out *pipeline.Results) error {
	payload, err := h.payload(r)
	if err != nil {
		return err
	}
	m := Message(ctx, r, payload)
	h.record = r
	produced, err := h.chain(m)
	if isDone(m.Acked()) {
		err = nil // as with Watermill's Router: it was acknowledged before
	} else if err == nil && isDone(m.Nacked()) {
		err = errors.New("the handler has nacked the message")
	}
	if err != nil {
		h.seen.forget()
		return ownPanic(err)
	}
	for _, p := range produced {
		if err := h.result(out, m, p, payload); err != nil {
			h.seen.forget()
			return err
		}
	}
	return nil
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// ownPanic makes the pipeline's word for a panic of Watermill's.
func ownPanic(err error) error {
	if p := (middleware.RecoveredPanicError{}); errors.As(err, &p) {
		return &pipeline.PanicError{Value: p.V, Stack: []byte(p.Stacktrace)}
	}
	return err
}

// payload returns the bytes of a record, which the message may keep: those for
// the end of the pipeline, where the handler is that, or the encoded value.
func (h *handler) payload(r *pipeline.Record) ([]byte, error) {
	switch {
	case !h.wantsPayload || r.Value.IsNull() && r.Encoded == nil:
		return nil, nil
	case r.Encoded != nil:
		return append([]byte{}, r.Encoded...), nil
	case h.codec == nil:
		return nil, pipeline.Permanent(errors.New("the handler needs a codec, and there is none"))
	}
	return h.codec.Encode([]byte{}, r.Value)
}

// result adds what a message that goes on is.
func (h *handler) result(out *pipeline.Results, given, m *message.Message, payload []byte) error {
	var r *pipeline.Record
	kept, _ := m.Context().Value(resultKey{}).(*pipeline.Record)
	switch {
	case m == given || kept == h.record:
		out.Keep()
		r = h.record
	case kept != nil:
		r = out.Add()
		*r = kept.Clone()
	default:
		r = out.Add()
	}
	r.Headers = nil
	appendHeaders(r, m)
	if kept != nil || m == given && same(m.Payload, payload) {
		return nil
	}
	if h.codec == nil {
		return pipeline.Permanent(errors.New("the handler needs a codec, and there is none"))
	}
	if err := h.codec.Decode(m.Payload, &r.Value); err != nil {
		return pipeline.Permanent(fmt.Errorf("the handler has returned a payload that can't be decoded, %.60q: %w", m.Payload, err))
	}
	return nil
}

// same reports whether the payload is still the slice that was given.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// resultKey is the key, in a message's context, of the record that it stands for.
type resultKey struct{}

// callInner is the end of a chain around another handler.
func (h *handler) callInner(m *message.Message) ([]*message.Message, error) {
	h.batch.Records = append(h.batch.Records[:0], *h.record)
	h.out.Reset(&h.batch)
	err := h.inner.Handle(m.Context(), &h.batch, &h.out)
	*h.record = h.batch.Records[0]
	if failure := h.record.Failure; failure != nil && err == nil {
		err, h.record.Failure = failure.Err, nil
	}
	if err != nil {
		return nil, err
	}
	var produced []*message.Message
	for _, r := range h.out.All() {
		if r == &h.batch.Records[0] {
			r = h.record
		}
		p := Message(context.WithValue(m.Context(), resultKey{}, r), r, nil)
		produced = append(produced, p)
	}
	return produced, nil
}

// Close implements pipeline.RecordHandler.
func (h *handler) Close() error {
	if h.inner != nil {
		return h.inner.Close()
	}
	return nil
}
