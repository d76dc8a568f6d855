package config

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

type namerOptions struct {
	Names []string `yaml:"names"`
}

func (o *namerOptions) Topics() ([]string, bool) { return o.Names, len(o.Names) > 0 }

type takerOptions struct {
	Topic string `yaml:"topic"`

	named []string
}

func (o *takerOptions) TakeTopics(names []string, always bool) error {
	o.named = names
	if o.Topic == "" && !always {
		return &pipeline.FieldError{Option: "topic", Err: errors.New("is missing")}
	}
	return nil
}

func init() {
	pipeline.RegisterSource("namer", namerOptions{}, func(context.Context, pipeline.Env, namerOptions) (pipeline.Source, error) { return nil, nil })
	pipeline.RegisterSink("taker", takerOptions{}, func(context.Context, pipeline.Env, takerOptions) (pipeline.Sink, error) { return nil, nil })
}

// A sink is told the topics that the source's records name; dead letters name
// none.
func TestTellTopics(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"source: {namer: {names: [a, b]}}\nsink: {taker: {}}", "a b"},
		{"source: {namer: {names: [a, b]}}\nsink: {file: {path: x}}", ""},
		{"source: {namer: {}}\nsink: {taker: {topic: t}}", ""},
		{"source: {namer: {}}\nsink: {taker: {}}", "p.yaml:2:15: topic: is missing"},
		{"source: {file: {path: x}}\nsink: taker", "p.yaml:2:7: topic: is missing"},
		{"source: {namer: {names: [a]}}\nsink: {taker: {}}\nerrors: {on_failure: dead_letter}\ndead_letter: {taker: {}}", "p.yaml:4:22: topic: is missing"},
	} {
		plan, err := Parse("p.yaml", []byte(tt.text), nil)
		got := ""
		if err != nil {
			got = err.Error()
		} else if o, ok := plan.Sink.Options.(*takerOptions); ok {
			got = strings.Join(o.named, " ")
		}
		if got != tt.want {
			t.Errorf("%s\ngives %s, want %s", tt.text, got, tt.want)
		}
	}
}
