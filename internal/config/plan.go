// Package config turns a pipeline's YAML into a checked plan. Every mistake is
// reported at once with its file, line and column; nothing is opened.
package config

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"

	"github.com/pipeline-daemon/pipeline"
)

// Plan is one pipeline, checked and ready to be run. Its fields are the
// top-level keys of the YAML.
type Plan struct {
	Name       string                                `yaml:"name" doc:"the pipeline's name; the default is the file's name without its suffix"`
	Source     *pipeline.Bound[pipeline.Source]      `yaml:"source" doc:"where records come from"`
	Pace       *Pace                                 `yaml:"pace" doc:"releases records by their event times; absent: as fast as possible"`
	Transforms []*pipeline.Bound[pipeline.Transform] `yaml:"transforms" doc:"what changes the records, in this order"`
	Sink       *pipeline.Bound[pipeline.Sink]        `yaml:"sink" doc:"where records go"`
	Handler    *pipeline.Bound[pipeline.Handler]     `yaml:"handler" doc:"your own code, run on the records in place of a sink"`
	Workers    Workers                               `yaml:"workers" doc:"how many records are transformed and handled at the same time; each worker has transforms and a handler of its own"`
	Codec      *pipeline.Bound[pipeline.Codec]       `yaml:"codec" doc:"how values are encoded at ends that are bytes, such as kafka, unless the end names its own; the default is json"`
	Errors     Errors                                `yaml:"errors" doc:"what to do when a record fails"`
	DeadLetter *pipeline.Bound[pipeline.Sink]        `yaml:"dead_letter" doc:"where failed records go with on_failure: dead_letter"`
	Resume     bool                                  `yaml:"resume" doc:"go on after the last record that an earlier run has stored"`

	File string // as the user named it; empty: the command line describes the pipeline

	// SaySetting is what a source's Env.Say is; nil: as in YAML.
	SaySetting func(option, value string) string

	// Decode and Encode are the codecs at the two ends, nil where there is
	// nothing to do; PassThrough says that the source's bytes are the sink's.
	Decode, Encode *pipeline.Bound[pipeline.Codec]
	PassThrough    bool
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Validate implements pipeline.Validator.
func (p *Plan) Validate() error {
	var errs []error
	bad := func(option, text string) {
		errs = append(errs, &pipeline.FieldError{Option: option, Err: errors.New(text)})
	}
	switch {
	case validName.MatchString(p.Name):
	case p.Name == nameOfFile(p.File):
		bad("name", fmt.Sprintf("is missing, and the file's name, %q, makes none; set it, of letters, digits, dots, dashes and underscores", p.Name))
	default:
		bad("name", fmt.Sprintf("wants letters, digits, dots, dashes and underscores, a letter or digit first, not %q", p.Name))
	}
	if p.Source == nil {
		bad("source", "a pipeline needs one, such as  source: {csv: {path: data.csv}}")
	}
	switch {
	case p.Sink == nil && p.Handler == nil:
		bad("sink", "a pipeline needs one, such as  sink: print")
	case p.Sink != nil && p.Handler != nil:
		bad("handler", "stands in place of the sink; to give the sink what it returns, write  - handler: {NAME: …}  among the transforms")
	}
	if p.Errors.OnFailure == DeadLetter && p.DeadLetter == nil {
		bad("errors.on_failure", "dead_letter needs a place for them, such as  dead_letter: {file: {path: rejected.jsonl, mode: append}}")
	}
	p.checkLoops(bad)
	if p.DeadLetter != nil && p.Errors.OnFailure != DeadLetter {
		bad("dead_letter", "is used only with  errors: {on_failure: dead_letter}")
	}
	return errors.Join(errs...)
}

// checkLoops refuses a pipeline that reads what it writes.
func (p *Plan) checkLoops(bad func(option, text string)) {
	if p.Source == nil {
		return
	}
	reader, ok := p.Source.Options.(pipeline.SinkReader)
	if !ok {
		return
	}
	if p.DeadLetter != nil && reader.ReadsFrom(p.DeadLetter.Options) {
		bad("dead_letter", "goes where the source reads, so that every dead letter would come again and fail again; give dead letters a place of their own")
	}
	if p.Sink != nil && !reader.Ends() && reader.ReadsFrom(p.Sink.Options) {
		bad("sink", "goes where the source reads, so that every record would come again and again; let it go elsewhere, or end the source, with  until: end")
	}
}

// endInHandler gives the pipeline a sink that is named as its handler is and
// takes what the handler has handled.
func (p *Plan) endInHandler() {
	if p.Handler == nil {
		return
	}
	p.Sink = pipeline.NewBound(p.Handler.Name, p.Handler.Options, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		return pipeline.Synchronous(handled{}), nil
	})
	p.Sink.Node = p.Handler.Node
}

// handled is a sink of records for which nothing is left to do.
type handled struct{}

func (handled) Store(context.Context, *pipeline.Batch) error { return nil }
func (handled) Close() error                                 { return nil }

type codecEnd interface {
	CodecRef() **pipeline.Bound[pipeline.Codec]
}

// bindCodecs decides what is decoded and encoded. The pipeline's codec is the
// default of both ends; dead letters are never touched by it.
func (p *Plan) bindCodecs(fallback *pipeline.Bound[pipeline.Codec]) error {
	if p.Codec == nil {
		p.Codec = fallback
	}
	in, inBytes := p.codecOf(p.Source.Options)
	out, outBytes := p.codecOf(p.Sink.Options)
	if inBytes && in == nil || outBytes && out == nil {
		return &pipeline.FieldError{Option: "codec", Err: errors.New("wants one; json, the default, is not part of this program")}
	}
	user, ok := p.Sink.Options.(pipeline.ValueUser)
	needsValue := !outBytes || ok && user.UsesValue() || len(p.Transforms) > 0 || p.Pace != nil && p.Pace.Rewrite.Column != ""
	if inBytes && outBytes && !needsValue && in.Name == out.Name && reflect.DeepEqual(in.Options, out.Options) {
		p.PassThrough = true
		return nil
	}
	if inBytes {
		p.Decode = in
	}
	if outBytes {
		p.Encode = out
	}
	return nil
}

func (p *Plan) codecOf(options any) (*pipeline.Bound[pipeline.Codec], bool) {
	end, ok := options.(codecEnd)
	if !ok {
		return nil, false
	}
	ref := end.CodecRef()
	if *ref == nil {
		*ref = p.Codec // for the end, which may look into its values
	}
	return *ref, true
}

// Ends returns the options of the plugins that may connect to something: the
// source, the sink and the dead letters' sink.
func (p *Plan) Ends() []any {
	ends := []any{p.Source.Options, p.Sink.Options}
	if p.DeadLetter != nil {
		ends = append(ends, p.DeadLetter.Options)
	}
	return ends
}
