//go:build bench

package bench

import (
	"context"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/cmd"
	"github.com/twmb/franz-go/pkg/kgo"
)

// meter measures the rate of what passes it, from the first record to the last
// of so many.
type meter struct {
	want        int64
	seen        atomic.Int64
	head        int64 // how many came at once at first
	first, last time.Time
	done        chan struct{}
}

func newMeter(want int64) *meter { return &meter{want: want, done: make(chan struct{})} }

func (m *meter) add(n int64) {
	seen := m.seen.Add(n)
	if seen == n {
		m.head, m.first = n, time.Now()
	}
	if seen == m.want {
		m.last = time.Now()
		close(m.done)
	}
}

func (m *meter) rate() float64 { return float64(m.want-m.head) / m.last.Sub(m.first).Seconds() }

// current is what the handlers of this package report to.
var current *meter

// Options are the options of this package's handlers.
type Options struct {
	_ struct{} `doc:"passes records on, and measures their rate" example:"measured"`
}

// perBatch keeps every record.
type perBatch struct{}

func (perBatch) Handle(_ context.Context, b *pipeline.Batch, out *pipeline.Results) error {
	for i := range b.Records {
		out.For(i)
		out.Keep()
	}
	current.add(int64(len(b.Records)))
	return nil
}

func (perBatch) Close() error { return nil }

func perRecord(_ context.Context, _ *pipeline.Record, out *pipeline.Results) error {
	out.Keep()
	current.add(1)
	return nil
}

func end(context.Context, *pipeline.Record, *pipeline.Results) error {
	current.add(1)
	return nil
}

func slow(context.Context, *pipeline.Record, *pipeline.Results) error {
	time.Sleep(10 * time.Millisecond)
	current.add(1)
	return nil
}

func init() {
	for name, h := range map[string]pipeline.Handler{
		"measured_batches": perBatch{}, "measured_end": pipeline.HandlerFunc(end),
		"measured_records": pipeline.HandlerFunc(perRecord), "measured_slow": pipeline.HandlerFunc(slow),
	} {
		pipeline.RegisterHandler(name, Options{}, func(context.Context, pipeline.Env, Options) (pipeline.Handler, error) { return h, nil })
	}
}

// What the programs that measure a rate are told, and where they leave it.
const (
	wantVariable = "BENCH_WANT"
	rateVariable = "BENCH_RATE"
)

func meterOfProgram() *meter {
	want, err := strconv.ParseInt(os.Getenv(wantVariable), 10, 64)
	if err != nil {
		fail(err)
	}
	return newMeter(want)
}

// pipelineProgram is the command, with this package's handlers.
func pipelineProgram() {
	current = meterOfProgram()
	go func() {
		<-current.done
		leave(os.Getenv(rateVariable), current.rate())
	}()
	cmd.Main()
}

// consumerProgram is a bare consumer of franz-go: broker, topic, group.
func consumerProgram() {
	m, bytes := meterOfProgram(), 0
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.ConsumeTopics(os.Args[2]), kgo.ConsumerGroup(os.Args[3]),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		fail(err)
	}
	for m.seen.Load() < m.want {
		fetches := client.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			fail(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { bytes += len(r.Value) })
		m.add(int64(fetches.NumRecords()))
	}
	if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
		fail(err)
	}
	client.Close()
	leave(os.Getenv(rateVariable), m.rate())
}

// measured runs a program that measures a rate over so many records.
func measured(t *testing.T, role string, want int64, args ...string) (rate float64, u used) {
	t.Helper()
	file := t.TempDir() + "/rate"
	u = runRole(t, role, []string{wantVariable + "=" + strconv.FormatInt(want, 10), rateVariable + "=" + file}, args...)
	readJSON(t, file, &rate)
	return rate, u
}
