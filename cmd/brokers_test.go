package cmd

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
)

const threeEnds = `
source:
  kafka: {topics: in}
sink:
  kafka: {topic: out, brokers: "named:9092"}
errors: {on_failure: dead_letter}
dead_letter:
  kafka: {topic: rejected}
`

func brokersOf(plans ...*config.Plan) (all [][]string) {
	for _, end := range kafkaEnds(plans) {
		all = append(all, end.Brokers)
	}
	return all
}

// The flag is for every end.
func TestBrokersFlag(t *testing.T) {
	file := filepath.Join(folder(t, map[string]string{"three.yaml": threeEnds}), "three.yaml")
	o := runOptions{brokers: "a:1, b:2"}
	plans, err := o.plans([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	flag := []string{"a:1", "b:2"}
	if diff := cmp.Diff([][]string{flag, flag, flag}, brokersOf(plans...)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The environment is for ends that name none.
func TestNameBrokers(t *testing.T) {
	t.Setenv(kafka.EnvBrokers, "env:1")
	c := &console{log: slog.New(slog.DiscardHandler)}
	plan := testPlan(t, threeEnds)
	started, err := nameBrokers(t.Context(), c, []*config.Plan{plan}, 0)
	if err != nil || started != nil {
		t.Fatal(started, err)
	}
	env := []string{"env:1"}
	if diff := cmp.Diff([][]string{env, {"named:9092"}, env}, brokersOf(plan)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What needs no broker doesn't look for one.
func TestNoKafkaNoBroker(t *testing.T) {
	t.Setenv(kafka.EnvBrokers, "not an address")
	plan := testPlan(t, "name: x\nsource: {csv: {path: a.csv}}\nsink: drop\n")
	if started, err := nameBrokers(t.Context(), &console{}, []*config.Plan{plan}, 0); err != nil || started != nil {
		t.Error(started, err)
	}
}
