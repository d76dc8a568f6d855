package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// RegisterSource makes a source available under a name. Call it from init; it
// panics if the name is taken, or if O has an option of a type that can't be
// decoded (see Node.Decode). defaults are the options before the user's,
// and open is called with a copy of them for every pipeline that is run. open
// ends early, with ctx's error, when ctx is done; ctx does not outlive it.
func RegisterSource[O any](name string, defaults O, open func(context.Context, Env, O) (Source, error)) {
	register(&sources, name, defaults, open)
}

// RegisterTransform makes a transform available, as RegisterSource does a
// source.
func RegisterTransform[O any](name string, defaults O, open func(context.Context, Env, O) (Transform, error)) {
	register(&transforms, name, defaults, open)
}

// RegisterSink makes a sink available, as RegisterSource does a source.
func RegisterSink[O any](name string, defaults O, open func(context.Context, Env, O) (Sink, error)) {
	register(&sinks, name, defaults, open)
}

// RegisterHandler makes a handler available, as RegisterSource does a source.
func RegisterHandler[O any](name string, defaults O, open func(context.Context, Env, O) (Handler, error)) {
	register(&handlers, name, defaults, open)
}

// RegisterCodec makes a codec available, as RegisterSource does a source.
func RegisterCodec[O any](name string, defaults O, open func(context.Context, Env, O) (Codec, error)) {
	register(&codecs, name, defaults, open)
}

// Bound is a plugin with its options, checked and ready to be opened.
type Bound[T any] struct {
	Kind    string // such as "handler", also of one among the transforms; empty if it is not in the registry
	Name    string
	Options any // a pointer to the plugin's option struct
	Node    Node

	open func(context.Context, Env) (T, error)
}

// NewBound returns a plugin that is not in the registry, for tests and for
// programs that run pipelines without YAML.
func NewBound[T any](name string, options any, open func(context.Context, Env) (T, error)) *Bound[T] {
	return &Bound[T]{Name: name, Options: options, open: open}
}

// Open opens the plugin with what Options holds now. A panic is an error.
func (b *Bound[T]) Open(ctx context.Context, env Env) (opened T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Permanent(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	if opened, err = b.open(ctx, env); err == nil && any(opened) == nil {
		err = errors.New("opening it returns neither a plugin nor an error")
	}
	return opened, err
}

// BindSource reads a one-key mapping {plugin: options}, or a plugin's name
// alone, and checks the options; it opens nothing.
func BindSource(n Node) (*Bound[Source], error) { return sources.bind(n) }

// BindTransform is BindSource for a transform, or for a handler among them,
// which is written {handler: {plugin: options}}.
func BindTransform(n Node) (*Bound[Transform], error) {
	if name, options, err := n.Named(transforms.kind); err == nil && name.YAML.Value == handlers.kind {
		h, err := BindHandler(options)
		if err != nil {
			return nil, err
		}
		return &Bound[Transform]{h.Kind, h.Name, h.Options, h.Node, func(ctx context.Context, env Env) (Transform, error) {
			opened, err := h.Open(ctx, env)
			return HandlerTransform{opened}, err
		}}, nil
	}
	return transforms.bind(n)
}

// BindSink is BindSource for a sink.
func BindSink(n Node) (*Bound[Sink], error) { return sinks.bind(n) }

// BindHandler is BindSource for a handler.
func BindHandler(n Node) (*Bound[Handler], error) { return handlers.bind(n) }

// BindCodec is BindSource for a codec.
func BindCodec(n Node) (*Bound[Codec], error) { return codecs.bind(n) }

// Plugin describes a registered plugin.
type Plugin struct {
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Doc     string   `json:"doc"`     // from the tag doc of the option struct's field  _ struct{}
	Example string   `json:"example"` // {name: options}, from its tag example
	Options []Option `json:"options"`
}

// Plugins returns all registered plugins by kind and name.
func Plugins() []Plugin {
	return slices.Concat(sources.list(), transforms.list(), sinks.list(), handlers.list(), codecs.list())
}

type registry[T any] struct {
	kind    string
	mu      sync.RWMutex
	plugins map[string]plugin[T]
}

type plugin[T any] struct {
	doc  func() Plugin
	bind func(name string, options Node) (*Bound[T], error)
	by   string // the package that registers it
}

var (
	sources    = registry[Source]{kind: "source"}
	transforms = registry[Transform]{kind: "transform"}
	sinks      = registry[Sink]{kind: "sink"}
	handlers   = registry[Handler]{kind: "handler"}
	codecs     = registry[Codec]{kind: "codec"}
)

func register[T, O any](r *registry[T], name string, defaults O, open func(context.Context, Env, O) (T, error)) {
	doc := func() Plugin { // later: there may be more choices then
		return Plugin{Kind: r.kind, Name: name, Options: describe(reflect.ValueOf(defaults)),
			Doc: ownTag(reflect.TypeFor[O](), "doc"), Example: ownTag(reflect.TypeFor[O](), "example")}
	}
	bind := func(name string, options Node) (*Bound[T], error) {
		o := defaults
		if err := options.Decode(&o); err != nil {
			return nil, err
		}
		return &Bound[T]{r.kind, name, &o, options, func(ctx context.Context, env Env) (T, error) { return open(ctx, env, o) }}, nil
	}
	if err := checkOptionType(reflect.TypeFor[O](), nil); err != nil {
		panic(fmt.Sprintf("pipeline: %s %q: %v", r.kind, name, err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	by := registrant()
	if other, taken := r.plugins[name]; taken {
		panic(fmt.Sprintf("pipeline: %s %q is registered twice, by %s and by %s", r.kind, name, other.by, by))
	}
	if r.plugins == nil {
		r.plugins = map[string]plugin[T]{}
	}
	r.plugins[name] = plugin[T]{doc, bind, by}
}

// registrant returns the path of the package that registers a plugin: the one
// whose init is running, or else the caller of the Register function.
func registrant() string {
	const skipped = 4 // runtime.Callers, this function, register and RegisterX
	var stack [32]uintptr
	frames := runtime.CallersFrames(stack[:runtime.Callers(skipped, stack[:])])
	caller := ""
	for {
		f, more := frames.Next()
		folder, name := path.Split(f.Function)
		pkg, name, _ := strings.Cut(name, ".")
		if caller == "" {
			caller = folder + pkg
		}
		if strings.HasPrefix(name, "init.") || name == "init" {
			return folder + pkg
		}
		if !more {
			return caller
		}
	}
}

func (r *registry[T]) list() []Plugin {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var ps []Plugin
	for _, name := range slices.Sorted(maps.Keys(r.plugins)) {
		ps = append(ps, r.plugins[name].doc())
	}
	return ps
}

func (r *registry[T]) bind(n Node) (*Bound[T], error) {
	name, options, err := n.Named(r.kind)
	if err != nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	p, ok := r.plugins[name.YAML.Value]
	if !ok {
		return nil, name.Errorf("unknown %s %q%s", r.kind, name.YAML.Value, suggest(name.YAML.Value, slices.Sorted(maps.Keys(r.plugins))))
	}
	return p.bind(name.YAML.Value, options)
}

// Named splits what names one of a kind of things: {name: options}, or a bare
// name, whose options are null.
func (n Node) Named(kind string) (name, options Node, err error) {
	n = n.At(n.YAML)
	if n.YAML.Kind == yaml.ScalarNode && n.YAML.Tag == "!!str" {
		none := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.YAML.Line, Column: n.YAML.Column}
		return n, n.At(none), nil
	}
	entries, err := n.Entries()
	switch {
	case n.YAML.Kind != yaml.MappingNode:
		return n, n, n.Errorf("wants a %s, written as its name or as {name: options}, not %s", kind, n.what())
	case err != nil:
		return n, n, err
	case len(entries) == 0:
		return n, n, n.Errorf("wants a %s, written as its name or as {name: options}, not an empty mapping", kind)
	case len(entries) > 1:
		return n, n, entries[1].Key.Errorf("wants one %s, written {name: options}, and finds %d names; options stand below the name, further indented", kind, len(entries))
	}
	return entries[0].Key, entries[0].Value, nil
}

// CodecOption is embedded, tagged ",inline", in the options of a source or
// sink whose values are bytes. The engine then decodes and encodes for it.
type CodecOption struct {
	Codec *Bound[Codec] `yaml:"codec" doc:"how values are encoded: json, raw, …; the default is the pipeline's codec"`
}

// CodecRef returns where the codec of this end is kept.
func (c *CodecOption) CodecRef() **Bound[Codec] { return &c.Codec }

// ValueUser is implemented by the options of a sink of bytes that may need the
// decoded value too, for a key that is a field of it, say. Where they don't,
// and no transform does, bytes can pass through undecoded.
type ValueUser interface{ UsesValue() bool }

// SinkReader is implemented by the options of a source that may read what a
// sink writes.
type SinkReader interface {
	// ReadsFrom reports whether it reads what a sink with these options writes.
	ReadsFrom(sinkOptions any) bool
	// Ends reports whether its end is known when it starts, so that it does not
	// read on and on what the sink writes.
	Ends() bool
}

// Endless is implemented by the options of a source that may have no end, or
// that can't be read beforehand without a trace.
type Endless interface {
	// Endless returns why, and what to do instead; nil if neither is so.
	Endless() error
}

// Zoned is implemented by the options of a source that reads local times.
type Zoned interface {
	// Zone returns the IANA name of their time zone.
	Zone() string
}

// DecodeOption implements OptionDecoder.
func (b *Bound[T]) DecodeOption(n Node) (err error) {
	switch b := any(b).(type) {
	case *Bound[Source]:
		err = b.from(BindSource(n))
	case *Bound[Transform]:
		err = b.from(BindTransform(n))
	case *Bound[Sink]:
		err = b.from(BindSink(n))
	case *Bound[Handler]:
		err = b.from(BindHandler(n))
	case *Bound[Codec]:
		err = b.from(BindCodec(n))
	}
	return err
}

func (b *Bound[T]) from(bound *Bound[T], err error) error {
	if err == nil {
		*b = *bound
	}
	return err
}
