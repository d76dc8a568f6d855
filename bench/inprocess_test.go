//go:build bench

package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
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
	note(t, "| allocations, CSV → JSON → Kafka, everything in the process counted | %.3f per row |", float64(measure(1))/million)
}

// noting notes how late each record comes to the sink, which is later than
// its release by the way to another goroutine.
type noting struct {
	pipeline.Sink
	first time.Time // wall time of the first record
	event time.Time // its event time
	late  []time.Duration
}

func (n *noting) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	now := time.Now()
	if n.first.IsZero() {
		n.first, n.event = now, b.Records[0].Time
	}
	for i := range b.Records {
		n.late = append(n.late, now.Sub(n.first)-b.Records[i].Time.Sub(n.event))
	}
	n.Sink.Write(ctx, b, done)
}

// 1,000 rows a second for a minute: does the replay drift, and how late is it?
func TestPacing(t *testing.T) {
	kafka := kafkatest.Start(t)
	plan := load(t, yaml(t, rows(t, 60_000), kafka.Addr(), "paced", "pace: {speed: 1}"))
	sink := plan.Sink
	var n *noting
	plan.Sink = pipeline.NewBound("noting", sink.Options, func(ctx context.Context, env pipeline.Env) (pipeline.Sink, error) {
		s, err := sink.Open(ctx, env)
		n = &noting{Sink: s}
		return n, err
	})
	status := runPlan(t, plan)
	first, last := quantiles(n.late[:10_000]), quantiles(n.late[50_000:])
	l := status.Pace.Lateness
	note(t, "| 1,000 rows/s for 60 s, lateness at the release | p50 %v, p99 %v, p99.9 %v, max %v |", l.P50, l.P99, l.P999, l.Max)
	note(t, "| the same at the sink, first 10 s and last 10 s | p50 %v, p99 %v; then p50 %v, p99 %v |", first[0], first[1], last[0], last[1])
}

func quantiles(late []time.Duration) [2]time.Duration {
	late = slices.Sorted(slices.Values(late))
	return [2]time.Duration{late[len(late)/2].Round(time.Microsecond), late[len(late)*99/100].Round(time.Microsecond)}
}
