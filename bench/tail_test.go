//go:build bench

package bench

import (
	"fmt"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// A topic into a file, as JSON and with all that a message holds.
func TestTail(t *testing.T) {
	kafka := kafkatest.Start(t)
	bin, csv := binary(t), rows(t, million)
	run(t, bin, "replay", csv, "rows", "--brokers", kafka.Addr(), "--speed", "max", "--key", "sensor", "--quiet")
	for _, command := range []string{"tail", "tail --verbose"} {
		var rates, cpu []float64
		for i := range rounds() + 1 {
			a := run(t, "sh", "-c", fmt.Sprintf("exec %s %s rows --brokers %s --until-end --quiet > rows.jsonl", bin, command, kafka.Addr()))
			if i > 0 { // the broker warms up
				rates, cpu = append(rates, million/a.wall.Seconds()), append(cpu, a.cpu.Seconds())
			}
		}
		note(t, command+", 1 M records from Kafka into a file, whole process", "≥ 0.5 M records/s", "%.2f M records/s; CPU %.2f s", median(rates)/1e6, median(cpu))
	}
}
