package drop_test

import (
	"context"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pipeline-daemon/pipeline"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/drop"
)

func TestDrop(t *testing.T) {
	bound, err := pipeline.BindSink(pipeline.Node{File: "t.yaml", YAML: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "drop"}})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := bound.Open(context.Background(), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	var b pipeline.Batch
	b.Add(0).Set("a", pipeline.Int(1))
	calls := 0
	sink.Write(context.Background(), &b, func(err error) {
		calls++
		if err != nil {
			t.Error(err)
		}
	})
	if calls != 1 {
		t.Errorf("done is called %d times", calls)
	}
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
}
