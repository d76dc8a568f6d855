package watermill

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/sony/gobreaker"
	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
)

// Middleware is the option that names one of Watermill's middleware, with its
// options.
type Middleware struct {
	Name string
	make maker
}

// maker makes a middleware of a handler.
type maker func(*handler) (message.HandlerMiddleware, error)

var (
	_ pipeline.OptionDecoder = (*Middleware)(nil)
	_ pipeline.Typer         = Middleware{}
	_ pipeline.Chooser       = Middleware{}
)

// OptionType implements pipeline.Typer.
func (Middleware) OptionType() string { return "middleware" }

var jsonCodec = pipeline.Node{YAML: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "json"}}

// deduplicator is the middleware that looks at payloads.
const deduplicator = "deduplicator"

func needPayload(ms []Middleware) bool {
	return slices.ContainsFunc(ms, func(m Middleware) bool { return m.Name == deduplicator })
}

// known are Watermill's middleware, each with its options.
var known = map[string]kind{
	"recoverer":       plain("a panic is an error", middleware.Recoverer),
	"correlation_id":  plain("what a message becomes has its correlation_id", middleware.CorrelationID),
	"retry":           with(defaultRetry, retryOptions.middleware),
	"timeout":         with(timeoutOptions{}, timeoutOptions.middleware),
	"throttle":        with(throttleOptions{Per: time.Second}, throttleOptions.middleware),
	"circuit_breaker": with(breakerOptions{Failures: 5, Timeout: time.Minute, Probes: 1}, breakerOptions.middleware),
	deduplicator:      with(deduplicatorOptions{Window: time.Minute}, deduplicatorOptions.middleware),
}

// kind is a middleware that can be named.
type kind struct {
	bind     func(pipeline.Node) (maker, error)
	describe func(name string) pipeline.Option
}

// with is a middleware with options.
func with[O any](defaults O, make func(O, *handler) (message.HandlerMiddleware, error)) kind {
	return kind{
		bind: func(n pipeline.Node) (maker, error) {
			o := defaults
			err := n.Decode(&o)
			return func(h *handler) (message.HandlerMiddleware, error) { return make(o, h) }, err
		},
		describe: func(name string) pipeline.Option { return pipeline.DescribeChoice(name, defaults) },
	}
}

// plain is a middleware without options.
func plain(doc string, m message.HandlerMiddleware) kind {
	k := with(struct{}{}, func(struct{}, *handler) (message.HandlerMiddleware, error) { return m, nil })
	k.describe = func(name string) pipeline.Option { return pipeline.Option{Name: name, Doc: doc} }
	return k
}

// OptionChoices implements pipeline.Chooser.
func (Middleware) OptionChoices() []pipeline.Option {
	var all []pipeline.Option
	for _, name := range slices.Sorted(maps.Keys(known)) {
		all = append(all, known[name].describe(name))
	}
	return all
}

// DecodeOption implements pipeline.OptionDecoder.
func (m *Middleware) DecodeOption(n pipeline.Node) error {
	name, options, err := n.Named("middleware")
	if err != nil {
		return err
	}
	chosen, ok := known[name.YAML.Value]
	if !ok {
		return name.Errorf("unknown middleware %q; there are %s", name.YAML.Value, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	m.Name = name.YAML.Value
	m.make, err = chosen.bind(options)
	return err
}

// around makes the chain of a handler: middleware, the first one outermost,
// around a function.
func (h *handler) around(f message.HandlerFunc, ms []Middleware) error {
	for _, m := range slices.Backward(ms) {
		wrap, err := m.make(h)
		if err != nil {
			return fmt.Errorf("middleware %s: %w", m.Name, err)
		}
		f = wrap(f)
	}
	h.chain = f
	return nil
}

type retryOptions struct {
	_ struct{} `doc:"handles a message again that has failed"`

	Retries    int           `yaml:"retries" doc:"how often a message is handled again"`
	Initial    time.Duration `yaml:"initial" doc:"the wait before the first retry"`
	Max        time.Duration `yaml:"max" doc:"the longest wait"`
	Multiplier float64       `yaml:"multiplier" doc:"how much longer each wait is"`
}

var defaultRetry = retryOptions{Retries: 3, Initial: 100 * time.Millisecond, Max: 10 * time.Second, Multiplier: 2}

// Validate implements pipeline.Validator.
func (o *retryOptions) Validate() error {
	if o.Retries < 1 || o.Initial <= 0 || o.Max < o.Initial || !(o.Multiplier >= 1) || math.IsInf(o.Multiplier, 0) {
		return errors.New("wants retries of 1 or more, initial above 0, max at least initial and multiplier 1 or more")
	}
	return nil
}

func (o retryOptions) middleware(h *handler) (message.HandlerMiddleware, error) {
	r := middleware.Retry{MaxRetries: o.Retries, InitialInterval: o.Initial, MaxInterval: o.Max, Multiplier: o.Multiplier,
		ResetContextOnRetry: true, Logger: Logger(h.log),
		ShouldRetry: func(p middleware.RetryParams) bool { return !pipeline.IsPermanent(p.Err) }}
	return r.Middleware, nil
}

type timeoutOptions struct {
	_ struct{} `doc:"how long the function's context lasts"`

	After time.Duration `yaml:",inline" doc:"such as 5s"`
}

// Validate implements pipeline.Validator.
func (o *timeoutOptions) Validate() error {
	if o.After <= 0 {
		return fmt.Errorf("wants a duration above 0, such as {timeout: 5s}, not %v", o.After)
	}
	return nil
}

func (o timeoutOptions) middleware(*handler) (message.HandlerMiddleware, error) {
	return middleware.Timeout(o.After), nil
}

type throttleOptions struct {
	_ struct{} `doc:"at most so many messages in a time"`

	Count int64         `yaml:"count" doc:"how many messages"`
	Per   time.Duration `yaml:"per" doc:"in which time"`
}

// Validate implements pipeline.Validator.
func (o *throttleOptions) Validate() error {
	if o.Count < 1 || o.Per < time.Duration(o.Count) {
		return fmt.Errorf("wants count and per, as in {count: 100, per: 1s}, not %d and %v", o.Count, o.Per)
	}
	return nil
}

// middleware does what Watermill's Throttle does, but a stop and a timeout end
// its wait.
func (o throttleOptions) middleware(*handler) (message.HandlerMiddleware, error) {
	ticker := time.NewTicker(o.Per / time.Duration(o.Count))
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			select {
			case <-ticker.C:
				return next(m)
			case <-m.Context().Done():
				return nil, m.Context().Err()
			}
		}
	}, nil
}

type breakerOptions struct {
	_ struct{} `doc:"after failures, messages fail at once for a while"`

	Failures int           `yaml:"failures" doc:"after so many failures in a row messages fail at once"`
	Timeout  time.Duration `yaml:"timeout" doc:"for so long, after which one is tried"`
	Probes   int           `yaml:"probes" doc:"how many must succeed then for all to be handled again"`
}

// Validate implements pipeline.Validator.
func (o *breakerOptions) Validate() error {
	if o.Failures < 1 || o.Timeout <= 0 || o.Probes < 1 {
		return errors.New("wants failures and probes of 1 or more, and a timeout above 0")
	}
	return nil
}

func (o breakerOptions) middleware(h *handler) (message.HandlerMiddleware, error) {
	return middleware.NewCircuitBreaker(gobreaker.Settings{
		Timeout: o.Timeout, MaxRequests: uint32(o.Probes),
		ReadyToTrip: func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= o.Failures },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			h.log.Warn("the circuit breaker changes", "from", from.String(), "to", to.String())
		},
	}).Middleware, nil
}

type deduplicatorOptions struct {
	_ struct{} `doc:"leaves out a message whose payload came before"`

	Window time.Duration `yaml:"window" doc:"for how long a payload is remembered"`
}

// Validate implements pipeline.Validator.
func (o *deduplicatorOptions) Validate() error {
	if o.Window < time.Millisecond {
		return fmt.Errorf("wants a window of 1ms or more, not %v", o.Window)
	}
	return nil
}

func (o deduplicatorOptions) middleware(h *handler) (message.HandlerMiddleware, error) {
	h.seen = &seen{window: o.Window, at: map[string]time.Time{}}
	d := middleware.Deduplicator{KeyFactory: middleware.NewMessageHasherSHA256(math.MaxInt64), Repository: h.seen, Timeout: time.Minute}
	return func(next message.HandlerFunc) message.HandlerFunc {
		return d.Middleware(func(m *message.Message) (produced []*message.Message, err error) {
			failed := true
			defer func() { // a middleware around this one may try again
				if failed {
					h.seen.forget()
				}
			}()
			produced, err = next(m)
			failed = err != nil
			return produced, err
		})
	}, nil
}
