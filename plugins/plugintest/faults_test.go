package plugintest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

// faults are plugins that break a promise, and what the suites say of them.
var faults = []struct {
	name string
	run  func(*testing.T)
	says string
}{
	{"no doc", sinkSuite(faultySink{}, "undocumented"), `option "secret" has no doc`},
	{"done twice", sinkSuite(faultySink{twice: true}, "sink"), "done was called 2 times, want once"},
	{"order", sinkSuite(faultySink{backwards: true}, "sink"), "stored (-want +got)"},
	{"bad record", sinkSuite(faultySink{failsBatch: true}, "sink"), "one is bad"},
	{"sink's goroutine", sinkSuite(faultySink{leaks: true}, "sink"), "goroutines are left"},
	{"sink's second Close", sinkSuite(faultySink{closesOnce: true}, "sink"), "the second Close: closed before"},
	{"deaf source", sourceSuite(faultySource{deaf: true}), "Read with a context that is done: EOF"},
	{"forgetful source", sourceSuite(faultySource{forgets: true}), "records are read, (-want +got)"},
	{"greedy source", sourceSuite(faultySource{greedy: true}), "Read returns 5 records, want 1 to 2"},
	{"changed record", transformSuite(func(r *pipeline.Record) error {
		r.Set("a", pipeline.Int(2))
		return errors.New("no")
	}), "the record became {a: 2} and was {a: 1}"},
	{"shared memory", transformSuite(func(r *pipeline.Record) error {
		r.Set("shared", shared)
		return nil
	}), "a record changes with another one"},
	{"panic", transformSuite(func(r *pipeline.Record) error {
		r.Value.Fields()[0].Value = pipeline.Int(2)
		return nil
	}), "Apply of null panics: pipeline: a value of kind null is used as struct"},
	{"results", handlerSuite(func(_ *pipeline.Record, out *pipeline.Results) { out.Keep() }), "(-want +got)"},
	{"handler's panic", handlerSuite(func(r *pipeline.Record, _ *pipeline.Results) { r.Value.Fields() }), "Handle of null panics: pipeline: a value of kind null is used as struct"},
	{"forgotten prefix", codecSuite(faultyCodec{overwrites: true}), "Encode must append"},
	{"changed bytes", codecSuite(faultyCodec{scribbles: true}), "Decode changes the bytes it is given"},
	{"bad bytes", codecSuite(faultyCodec{}), `"!" is decoded to`},
}

var shared = pipeline.List([]pipeline.Value{pipeline.Int(1)})

const envFault = "PLUGINTEST_FAULT"

// TestFault is what the other test runs, for one fault at a time.
func TestFault(t *testing.T) {
	for _, f := range faults {
		if f.name == os.Getenv(envFault) {
			f.run(t)
		}
	}
}

func TestSuitesFindFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			command := exec.Command(os.Args[0], "-test.run=^TestFault$")
			command.Env = append(os.Environ(), envFault+"="+f.name)
			out, err := command.CombinedOutput()
			if err == nil || !strings.Contains(string(out), f.says) {
				t.Errorf("%v; the suite doesn't say %q:\n%s", err, f.says, out)
			}
		})
	}
}

type undocumented struct {
	_      struct{} `doc:"hides an option" example:"undocumented"`
	Secret string   `yaml:"secret"`
}

type faultySink struct{ twice, backwards, failsBatch, leaks, closesOnce bool }

func sinkSuite(fault faultySink, name string) func(*testing.T) {
	return func(t *testing.T) {
		var out *bytes.Buffer
		open := func(context.Context, pipeline.Env) (pipeline.Sink, error) {
			if fault.leaks {
				go func() { select {} }()
			}
			return &sink{faultySink: fault, out: out}, nil
		}
		pipeline.RegisterSink("sink", sinkOptions{}, func(ctx context.Context, env pipeline.Env, _ sinkOptions) (pipeline.Sink, error) {
			return open(ctx, env)
		})
		pipeline.RegisterSink("undocumented", undocumented{}, func(ctx context.Context, env pipeline.Env, _ undocumented) (pipeline.Sink, error) {
			return open(ctx, env)
		})
		Sink(t, func(*testing.T) SinkCase {
			out = new(bytes.Buffer)
			return SinkCase{Options: name, Stored: func(int) []string { return strings.Fields(out.String()) }, Bad: "bad"}
		})
	}
}

type sinkOptions struct {
	_ struct{} `doc:"stores" example:"sink"`
}

type sink struct {
	faultySink
	out    *bytes.Buffer
	closed bool
}

func (s *sink) Write(_ context.Context, b *pipeline.Batch, done func(error)) {
	for i := range b.Records {
		r := &b.Records[i]
		if s.backwards {
			r = &b.Records[len(b.Records)-1-i]
		}
		if r.Value.Kind() == pipeline.KindString {
			if s.failsBatch {
				done(errors.New("one is bad"))
				return
			}
			r.Fail(errors.New("bad"))
			continue
		}
		fmt.Fprintf(s.out, "%s\n", r.Encoded)
	}
	done(nil)
	if s.twice {
		done(nil)
	}
}

func (s *sink) Close() error {
	if s.closed && s.closesOnce {
		return errors.New("closed before")
	}
	s.closed = true
	return nil
}

type faultySource struct{ deaf, forgets, greedy bool }

type sourceOptions struct {
	_ struct{} `doc:"reads" example:"source"`
}

func sourceSuite(fault faultySource) func(*testing.T) {
	return func(t *testing.T) {
		pipeline.RegisterSource("source", sourceOptions{}, func(_ context.Context, env pipeline.Env, _ sourceOptions) (pipeline.Source, error) {
			s := &source{faultySource: fault}
			if at, ok := env.Position.Last("s", 0); ok && !fault.forgets {
				s.next = at.Offset + 1
			}
			return s, nil
		})
		Source(t, func(*testing.T) SourceCase {
			return SourceCase{Options: "source", Want: []string{"0", "1", "2", "3", "4"}}
		})
	}
}

type source struct {
	faultySource
	next int64
}

func (s *source) Read(ctx context.Context, b *pipeline.Batch) error {
	if ctx.Err() != nil && !s.deaf {
		return ctx.Err()
	}
	if s.next == 5 {
		return io.EOF
	}
	for ; s.next < 5 && (s.greedy || !b.Full()); s.next++ {
		r := b.Add(1)
		r.Value, r.Origin = pipeline.Int(s.next), pipeline.Origin{Source: "s", Offset: s.next}
	}
	return nil
}

func (s *source) Close() error { return nil }

type transformOptions struct {
	_ struct{} `doc:"changes" example:"transform"`
}

func transformSuite(apply pipeline.TransformFunc) func(*testing.T) {
	return func(t *testing.T) {
		pipeline.RegisterTransform("transform", transformOptions{}, func(context.Context, pipeline.Env, transformOptions) (pipeline.Transform, error) {
			return apply, nil
		})
		Transform(t, []TransformCase{{Options: "transform", In: "{a: 1}", Want: "{a: 1, shared: [1]}"}})
	}
}

type codecOptions struct {
	_ struct{} `doc:"encodes" example:"codec"`
}

type faultyCodec struct{ overwrites, scribbles bool }

func codecSuite(fault faultyCodec) func(*testing.T) {
	return func(t *testing.T) {
		pipeline.RegisterCodec("codec", codecOptions{}, func(context.Context, pipeline.Env, codecOptions) (pipeline.Codec, error) {
			return fault, nil
		})
		Codec(t, CodecCase{Options: "codec", Values: []string{"text"}, Bad: []string{"!"}})
	}
}

func (c faultyCodec) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	if c.overwrites {
		dst = dst[:0]
	}
	return v.AppendText(dst), nil
}

func (c faultyCodec) Decode(data []byte, v *pipeline.Value) error {
	*v = pipeline.String(string(data))
	if c.scribbles && len(data) > 0 {
		data[0] = 'x'
	}
	return nil
}

type handlerOptions struct {
	_ struct{} `doc:"handles" example:"handler"`
}

// handlerSuite runs the suite on a handler that is to have no results.
func handlerSuite(handle func(*pipeline.Record, *pipeline.Results)) func(*testing.T) {
	return func(t *testing.T) {
		pipeline.RegisterHandler("faulty", handlerOptions{}, func(context.Context, pipeline.Env, handlerOptions) (pipeline.Handler, error) {
			return pipeline.HandlerFunc(func(_ context.Context, r *pipeline.Record, out *pipeline.Results) error {
				handle(r, out)
				return nil
			}), nil
		})
		Handler(t, []HandlerCase{{Options: "faulty", In: "{a: 1}"}})
	}
}
