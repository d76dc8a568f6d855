//go:build bench

package bench

import (
	"context"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// producerProgram is a bare loop of franz-go, as one writes it: each record is
// due at a multiple of the period after the first, the loop waits for it with
// time.Sleep, and whatever is due by then is produced without a pause. The
// value is always the same, nothing is read or encoded. Arguments: broker,
// topic, records, period in ns, file for the lateness.
func producerProgram() {
	n, err := strconv.Atoi(os.Args[3])
	if err != nil {
		fail(err)
	}
	period, err := strconv.ParseInt(os.Args[4], 10, 64)
	if err != nil {
		fail(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.DefaultProduceTopic(os.Args[2]), kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		fail(err)
	}
	ctx, late := context.Background(), make([]time.Duration, 0, n)
	value := []byte(`{"timestamp":"2021-01-01 00:00:00.000","sensor":"s-0000","value":20.25,"quality":50}`)
	start := time.Now()
	for i := range n {
		due := time.Duration(int64(i) * period)
		if left := due - time.Since(start); left > 0 {
			time.Sleep(left)
		}
		late = append(late, time.Since(start)-due)
		client.Produce(ctx, &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				fail(err)
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		fail(err)
	}
	client.Close()
	slices.Sort(late)
	leave(os.Args[5], lateness{P50: milliseconds(quantile(late, 0.5)), P99: milliseconds(quantile(late, 0.99)), P999: milliseconds(quantile(late, 0.999))})
}

// lateness is in milliseconds, as in a run's report.
type lateness struct{ P50, P99, P999, Max float64 }

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

// quantile returns a quantile of what is sorted.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[int(float64(len(sorted)-1)*q)]
}
