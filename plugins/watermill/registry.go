// Package watermill lets pipelines read from and write to Watermill's
// Pub/Subs (https://watermill.io). Those that YAML can name are registered
// here: kafka and channel are, and a build of one's own adds others.
package watermill

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/pipeline-daemon/pipeline"
)

// PubSub opens the two ends of a Pub/Sub with its options. One that has only
// one end leaves the other out.
type PubSub[O any] struct {
	Publisher  func(context.Context, pipeline.Env, O) (message.Publisher, error)
	Subscriber func(context.Context, pipeline.Env, O) (message.Subscriber, error)

	// Complete adds to a record what this Pub/Sub knows of its message beside
	// the payload, the metadata and the UUID: a key, a time, a place. It may be
	// nil.
	Complete func(*message.Message, *pipeline.Record)
}

// Register makes a Pub/Sub available under a name, to the source and the sink
// watermill. Call it from init; it panics if the name is taken, or if O has an
// option that can't be decoded. defaults are the options before the user's, as
// in pipeline.RegisterSource; O's blank field may say in a doc tag what the
// Pub/Sub is.
func Register[O any](name string, defaults O, p PubSub[O]) {
	if err := pipeline.CheckOptions(defaults); err != nil {
		panic(fmt.Sprintf("watermill: Pub/Sub %q: %v", name, err))
	}
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if _, taken := registry.known[name]; taken {
		panic(fmt.Sprintf("watermill: Pub/Sub %q is registered twice", name))
	}
	bind := func(n pipeline.Node) (Choice, error) {
		o := new(O)
		*o = defaults
		c := Choice{Name: name, Options: o, Complete: p.Complete}
		if p.Publisher != nil {
			c.publisher = func(ctx context.Context, env pipeline.Env) (message.Publisher, error) {
				return p.Publisher(ctx, env, *o)
			}
		}
		if p.Subscriber != nil {
			c.subscriber = func(ctx context.Context, env pipeline.Env) (message.Subscriber, error) {
				return p.Subscriber(ctx, env, *o)
			}
		}
		return c, n.Decode(o)
	}
	registry.known[name] = registered{bind, pipeline.DescribeChoice(name, defaults)}
}

// registered is a Pub/Sub that can be chosen.
type registered struct {
	bind func(pipeline.Node) (Choice, error)
	doc  pipeline.Option
}

var registry = struct {
	mu    sync.RWMutex
	known map[string]registered
}{known: map[string]registered{}}

func names() []string {
	registry.mu.RLock()
	defer registry.mu.RUnlock()
	return slices.Sorted(maps.Keys(registry.known))
}

// Choice is the option that names a Pub/Sub, with its options.
type Choice struct {
	Name     string
	Options  any // a pointer to the Pub/Sub's options
	Complete func(*message.Message, *pipeline.Record)

	publisher  func(context.Context, pipeline.Env) (message.Publisher, error)
	subscriber func(context.Context, pipeline.Env) (message.Subscriber, error)
}

var (
	_ pipeline.OptionDecoder = (*Choice)(nil)
	_ pipeline.Typer         = Choice{}
	_ pipeline.Chooser       = Choice{}
)

// OptionType implements pipeline.Typer.
func (Choice) OptionType() string { return "name of the Pub/Sub, or {name: options}" }

// OptionChoices implements pipeline.Chooser.
func (Choice) OptionChoices() []pipeline.Option {
	registry.mu.RLock()
	defer registry.mu.RUnlock()
	var all []pipeline.Option
	for _, name := range slices.Sorted(maps.Keys(registry.known)) {
		all = append(all, registry.known[name].doc)
	}
	return all
}

// DecodeOption implements pipeline.OptionDecoder.
func (c *Choice) DecodeOption(n pipeline.Node) error {
	name, options, err := n.Named("Pub/Sub")
	if err != nil {
		return err
	}
	registry.mu.RLock()
	chosen, ok := registry.known[name.YAML.Value]
	registry.mu.RUnlock()
	if !ok {
		return name.Errorf("unknown Pub/Sub %q; there are %s", name.YAML.Value, strings.Join(names(), ", "))
	}
	*c, err = chosen.bind(options)
	return err
}

// OpenPublisher opens the end that messages are written to.
func (c *Choice) OpenPublisher(ctx context.Context, env pipeline.Env) (message.Publisher, error) {
	return c.publisher(ctx, env)
}

// OpenSubscriber opens the end that messages are read from.
func (c *Choice) OpenSubscriber(ctx context.Context, env pipeline.Env) (message.Subscriber, error) {
	return c.subscriber(ctx, env)
}

// CanPublish and CanSubscribe report which ends there are.
func (c *Choice) CanPublish() bool   { return c.publisher != nil }
func (c *Choice) CanSubscribe() bool { return c.subscriber != nil }
