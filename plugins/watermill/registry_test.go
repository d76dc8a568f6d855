package watermill

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipeline-daemon/pipeline"
)

type ownOptions struct {
	_    struct{}      `doc:"one of a user"`
	Wait time.Duration `yaml:"wait" doc:"how long"`
}

// What a build adds is described beside what is there.
func TestOwnPubSubIsDescribed(t *testing.T) {
	Register("own", ownOptions{Wait: time.Second}, PubSub[ownOptions]{})
	defer func() { delete(registry.known, "own") }()
	var got []pipeline.Option
	for _, o := range pipeline.DescribeOptions(struct {
		PubSub Choice `yaml:"pubsub" doc:"the Pub/Sub"`
	}{}) {
		for _, choice := range o.Options {
			if choice.Name != "kafka" { // it has many
				got = append(got, choice)
			}
		}
	}
	want := []pipeline.Option{
		{Name: "channel", Doc: "links pipelines of one process"},
		{Name: "own", Doc: "one of a user", Options: []pipeline.Option{{Name: "wait", Type: "duration", Default: "1s", Doc: "how long"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRegisterPanics(t *testing.T) {
	type odd struct {
		Names map[string]int `yaml:"names" doc:"can't be decoded"`
	}
	for want, register := range map[string]func(){
		`watermill: Pub/Sub "kafka" is registered twice`: func() { Register("kafka", ownOptions{}, PubSub[ownOptions]{}) },
		`watermill: Pub/Sub "odd": names: options can't have the type map[string]int; use pipeline.Pairs, which keeps the order`: func() {
			Register("odd", odd{}, PubSub[odd]{})
		},
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("got %v, want %s", got, want)
				}
			}()
			register()
		}()
	}
}
