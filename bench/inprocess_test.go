//go:build bench

package bench

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/engine"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
	_ "github.com/pipeline-daemon/pipeline/plugins/all"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func createTopic(t *testing.T, broker, topic string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, file string) *config.Plan {
	t.Helper()
	plans, err := config.Load([]string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plans[0]
}

func runPlan(t *testing.T, plan *config.Plan) engine.Status {
	t.Helper()
	p := engine.New(plan, engine.Options{Log: slog.New(slog.DiscardHandler), Grace: 10 * time.Second, Stdout: os.Stdout})
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p.Status()
}

func TestAllocationsPerRow(t *testing.T) {
	kafka := kafkatest.Start(t)
	csv := rows(t, million)
	measure := func(i int) (mallocs uint64) {
		plan := load(t, yaml(t, csv, kafka.Addr(), fmt.Sprintf("allocs-%d", i), ""))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		runPlan(t, plan)
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs
	}
	measure(0)
	note(t, "allocations, CSV → JSON → Kafka, everything in the process counted", "", "%.3f per row", float64(measure(1))/million)
}
