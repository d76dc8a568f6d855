package config

import (
	"context"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline"
)

type handlerOptions struct {
	Word string `yaml:"word" doc:"a word"`
}

func init() {
	pipeline.RegisterHandler("test-handler", handlerOptions{Word: "a"}, func(context.Context, pipeline.Env, handlerOptions) (pipeline.Handler, error) {
		return pipeline.HandlerFunc(func(context.Context, *pipeline.Record, *pipeline.Results) error { return nil }), nil
	})
}

func TestHandlers(t *testing.T) {
	plan, err := Parse("t.yaml", []byte("source: {topic: {topic: a}}\ntransforms: [{handler: {test-handler: {word: b}}}]\nhandler: test-handler\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Handler.Name != "test-handler" || plan.Sink == nil || plan.Sink.Name != "test-handler" || plan.Transforms[0].Name != "test-handler" {
		t.Errorf("%+v", plan)
	}
	opened, err := plan.Transforms[0].Open(t.Context(), pipeline.Env{})
	if _, ok := opened.(pipeline.HandlerTransform); err != nil || !ok || plan.Transforms[0].Options.(*handlerOptions).Word != "b" {
		t.Errorf("%T, %v", opened, err)
	}
	for text, want := range map[string]string{
		"source: {topic: {topic: a}}\nhandler: test-handler\nsink: {file: {path: a}}\n":                "t.yaml:2:1: handler: stands in place of the sink",
		"source: {topic: {topic: a}}\nhandler: {test-handler: {wrd: a}}\n":                             `t.yaml:2:26: unknown option "wrd"; did you mean "word"?`,
		"source: {topic: {topic: a}}\ntransforms: [{handler: test-hander}]\nsink: {file: {path: a}}\n": `t.yaml:2:24: unknown handler "test-hander"; did you mean "test-handler"?`,
	} {
		if _, err := Parse("t.yaml", []byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestWorkers(t *testing.T) {
	plan, err := Parse("t.yaml", []byte("source: {topic: {topic: a}}\nworkers: {by: key}\nhandler: test-handler\n"), nil)
	if err != nil || plan.Workers != (Workers{Count: 1, By: ByKey}) {
		t.Errorf("%v, %v", plan, err)
	}
	_, err = Parse("t.yaml", []byte("source: {topic: {topic: a}}\nworkers: 4\nhandler: test-handler\n"), nil)
	if err == nil || err.Error() != "t.yaml:2:10: wants a mapping, such as {count: 4}, not 4" {
		t.Error(err)
	}
	_, err = Parse("t.yaml", []byte("source: {topic: {topic: a}}\nworkers: {count: 0, by: topic}\nhandler: test-handler\n"), nil)
	const want = "t.yaml:2:11: count: wants 1 to 1024, not 0\nt.yaml:2:21: by: wants partition or key, not \"topic\""
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
