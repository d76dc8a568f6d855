//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// paced replays a CSV with the built binary, and returns how late its records
// were handed over.
func paced(t *testing.T, bin, yaml string) (lateness, used) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	u := run(t, bin, "run", "--quiet", "--report", file, yaml)
	var report struct {
		Pipelines []struct {
			Pace struct {
				LatenessMS lateness `json:"lateness_ms"`
			}
		}
	}
	readJSON(t, file, &report)
	return report.Pipelines[0].Pace.LatenessMS, u
}

// How exactly records leave, beside a loop that does nothing else. The loop
// waits with Go's timers.
func TestLateness(t *testing.T) {
	kafka, bin := kafkatest.Start(t), binary(t)
	length := full(time.Minute, 3*time.Second)
	for _, rate := range []int{1_000, 10_000} {
		period := time.Second / time.Duration(rate)
		n := int(length / period)
		csv := series{n: n, columns: 4, every: period}.write(t)
		var p50, p99, p999, loop50, loop99, cpu, loopCPU, ratios []float64
		for i := range full(3, 1) {
			topic, loopTopic := fmt.Sprintf("ours-%d-%d", rate, i), fmt.Sprintf("loop-%d-%d", rate, i)
			createTopic(t, kafka.Addr(), topic)
			createTopic(t, kafka.Addr(), loopTopic)
			l, u := paced(t, bin, yaml(t, csv, kafka.Addr(), topic, "pace: {speed: 1}"))
			file := filepath.Join(t.TempDir(), "loop.json")
			loop := runRole(t, "producer", nil, kafka.Addr(), loopTopic, strconv.Itoa(n), strconv.FormatInt(int64(period), 10), file)
			var ll lateness
			readJSON(t, file, &ll)
			p50, p99, p999 = append(p50, l.P50), append(p99, l.P99), append(p999, l.P999)
			loop50, loop99 = append(loop50, ll.P50), append(loop99, ll.P99)
			cpu, loopCPU = append(cpu, u.cpu.Seconds()), append(loopCPU, loop.cpu.Seconds())
			ratios = append(ratios, u.cpu.Seconds()/loop.cpu.Seconds())
		}
		what := fmt.Sprintf("%d rows/s for %v into Kafka", rate, length)
		aim := "p99 < 0.10 ms"
		if rate == 1_000 {
			aim = "p50 < 0.02 ms, " + aim
		}
		note(t, what+", lateness to the hand-over", aim, "p50 %.3f, p99 %.3f, p99.9 %.3f ms; a bare franz-go loop p50 %.3f, p99 %.3f ms",
			median(p50), median(p99), median(p999), median(loop50), median(loop99))
		note(t, what+", CPU beside a bare franz-go loop", "≤ 1.3 ×", "%.2f s beside %.2f s: %.2f ×", median(cpu), median(loopCPU), median(ratios))
	}
}

// The garbage collector must not show.
func TestWideRows(t *testing.T) {
	kafka, bin := kafkatest.Start(t), binary(t)
	length := full(time.Minute, 3*time.Second)
	const period = 100 * time.Microsecond
	csv := series{n: int(length / period), columns: 20, every: period}.write(t)
	createTopic(t, kafka.Addr(), "wide")
	l, _ := paced(t, bin, yaml(t, csv, kafka.Addr(), "wide", "pace: {speed: 1}"))
	note(t, fmt.Sprintf("10000 rows/s of 20 columns for %v, lateness", length), "p99.9 < 2 ms", "p50 %.3f, p99 %.3f, p99.9 %.3f, max %.3f ms", l.P50, l.P99, l.P999, l.Max)
}

// noting notes when each record comes to the sink, and how much later it was
// due than the first.
type noting struct {
	pipeline.Sink
	speed float64
	first time.Time // the arrival of the first record
	event time.Time // its event time
	late  []time.Duration
}

func (n *noting) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	now := time.Now()
	if n.first.IsZero() {
		n.first, n.event = now, b.Records[0].Time
	}
	for i := range b.Records {
		due := time.Duration(float64(b.Records[i].Time.Sub(n.event)) / n.speed)
		n.late = append(n.late, now.Sub(n.first)-due)
	}
	n.Sink.Write(ctx, b, done)
}

// arrivals replays a CSV in this process, and returns how much later each of
// its records came to the Kafka sink than was due after the first.
func arrivals(t *testing.T, csv, broker, topic string, speed float64) []time.Duration {
	t.Helper()
	plan := load(t, yaml(t, csv, broker, topic, fmt.Sprintf("pace: {speed: %v}", speed)))
	sink, n := plan.Sink, &noting{speed: speed}
	plan.Sink = pipeline.NewBound("noting", sink.Options, func(ctx context.Context, env pipeline.Env) (s pipeline.Sink, err error) {
		n.Sink, err = sink.Open(ctx, env)
		return n, err
	})
	runPlan(t, plan)
	return n.late
}

// A replay doesn't drift: its last tenth is no later than its first. The
// earliest record counts as exact.
func TestDrift(t *testing.T) {
	length := full(time.Minute, 3*time.Second)
	if text := os.Getenv("BENCH_DRIFT"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("BENCH_DRIFT: %v", err)
		}
	}
	late := arrivals(t, rows(t, int(length/time.Millisecond)), kafkatest.Start(t).Addr(), "drift", 1)
	earliest, tenth := slices.Min(late), len(late)/10
	first, last := slices.Sorted(slices.Values(late[:tenth])), slices.Sorted(slices.Values(late[len(late)-tenth:]))
	note(t, fmt.Sprintf("drift, 1000 rows/s for %v, arrival at the sink", length), "median of the last tenth ≤ p99 of the first",
		"first tenth p50 %.3f, p99 %.3f ms; last tenth p50 %.3f, p99 %.3f ms", milliseconds(quantile(first, 0.5)-earliest), milliseconds(quantile(first, 0.99)-earliest),
		milliseconds(quantile(last, 0.5)-earliest), milliseconds(quantile(last, 0.99)-earliest))
}

// A day at speed 1000 takes 86.4 s.
func TestDay(t *testing.T) {
	hours := full(24, 1)
	csv := series{n: hours*3600 + 1, columns: 4, every: time.Second}.write(t)
	late := arrivals(t, csv, kafkatest.Start(t).Addr(), "day", 1000)
	last := late[len(late)-1]
	note(t, fmt.Sprintf("%d hours at speed 1000, the last record after its due time", hours), "within 1 ms", "%.3f ms after %v",
		float64(last)/1e6, (time.Duration(hours) * time.Hour / 1000).Round(time.Millisecond))
}
