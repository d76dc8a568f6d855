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
// watermill. Call it from init; it panics if the name is taken. defaults are
// the options before the user's, as in pipeline.RegisterSource.
func Register[O any](name string, defaults O, p PubSub[O]) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if _, taken := registry.bind[name]; taken {
		panic(fmt.Sprintf("watermill: Pub/Sub %q is registered twice", name))
	}
	registry.bind[name] = func(n pipeline.Node) (Choice, error) {
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
}

var registry = struct {
	mu   sync.RWMutex
	bind map[string]func(pipeline.Node) (Choice, error)
}{bind: map[string]func(pipeline.Node) (Choice, error){}}

func names() []string {
	registry.mu.RLock()
	defer registry.mu.RUnlock()
	return slices.Sorted(maps.Keys(registry.bind))
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
)

// OptionType implements pipeline.Typer.
func (Choice) OptionType() string { return "name of the Pub/Sub, or {name: options}" }

// DecodeOption implements pipeline.OptionDecoder.
func (c *Choice) DecodeOption(n pipeline.Node) error {
	name, options, err := n.Named("Pub/Sub")
	if err != nil {
		return err
	}
	registry.mu.RLock()
	bind, ok := registry.bind[name.YAML.Value]
	registry.mu.RUnlock()
	if !ok {
		return name.Errorf("unknown Pub/Sub %q; there are %s", name.YAML.Value, strings.Join(names(), ", "))
	}
	*c, err = bind(options)
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
