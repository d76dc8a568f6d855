//go:build bench

package bench

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// consumer writes a pipeline that reads a topic to its end, with more lines of
// YAML.
func consumer(t *testing.T, broker, topic, group, more string) string {
	t.Helper()
	return yamlFile(t, fmt.Sprintf("source: {kafka: {topics: %s, brokers: %q, group: %s, until: end}}\n%s\n", topic, broker, group, more))
}

// Handlers in Go beside a loop of franz-go that only counts.
func TestHandlersBesideFranzGo(t *testing.T) {
	n := full[int64](3*million, 300_000)
	broker := kafkatest.Start(t).Addr()
	createTopic(t, broker, "t")
	fill(t, broker, "t", n)
	subjects := []struct{ what, handler, aim string }{
		{"Kafka → Go batch handler → drop", "measured_batches", "≥ 0.8 × bare franz-go"},
		{"Kafka → Go handler of single records → drop", "measured_records", "≥ 0.6 × bare franz-go"},
	}
	var bare, bareCPU []float64
	rates, cpu, ratios := make([][]float64, 2), make([][]float64, 2), make([][]float64, 2)
	for i := range rounds() + 1 {
		base, baseUsed := measured(t, "consumer", n, broker, "t", fmt.Sprint("bare-", i))
		for j, s := range subjects {
			group := fmt.Sprint(s.handler, "-", i)
			rate, u := measured(t, "pipeline", n, "run", "--quiet",
				consumer(t, broker, "t", group, fmt.Sprintf("transforms: [{handler: %s}]\nsink: drop\ncodec: raw", s.handler)))
			if i > 0 { // the broker warms up
				rates[j], cpu[j], ratios[j] = append(rates[j], rate), append(cpu[j], u.cpu.Seconds()), append(ratios[j], rate/base)
			}
		}
		if i > 0 {
			bare, bareCPU = append(bare, base), append(bareCPU, baseUsed.cpu.Seconds())
		}
	}
	for j, s := range subjects {
		note(t, s.what, s.aim, "%.2f M records/s; bare franz-go %.2f M; ratio %.2f; CPU %.2f s beside %.2f s", median(rates[j])/1e6,
			median(bare)/1e6, median(ratios[j]), median(cpu[j]), median(bareCPU))
	}
}

func TestPythonHandler(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is missing")
	}
	n := full[int64](500_000, 50_000)
	broker := kafkatest.Start(t).Addr()
	createTopic(t, broker, "t")
	fill(t, broker, "t", n)
	script, err := filepath.Abs("../examples/handlers/fahrenheit.py")
	if err != nil {
		t.Fatal(err)
	}
	var rates []float64
	for i := range full(3, 1) {
		rate, _ := measured(t, "pipeline", n, "run", "--quiet",
			consumer(t, broker, "t", fmt.Sprint("g-", i), fmt.Sprintf("transforms: [{handler: {exec: {command: [python3, %q]}}}]\nhandler: measured_end", script)))
		rates = append(rates, rate)
	}
	note(t, "Kafka → JSON → exec handler in Python (examples/handlers/fahrenheit.py)", "≥ 50,000 records/s", "%.0f records/s", median(rates))
}

// A long way behind the topic's end. The messages are much alike, so that a
// fetch of compressed ones holds several times as many.
func TestMemoryAtLag(t *testing.T) {
	n := full[int64](10*million, 500_000)
	broker := kafkatest.Start(t).Addr()
	for _, c := range []struct {
		name  string
		codec kgo.CompressionCodec
	}{{"uncompressed", kgo.NoCompression()}, {"snappy", kgo.SnappyCompression()}} {
		createTopic(t, broker, c.name)
		fill(t, broker, c.name, n, kgo.ProducerBatchCompression(c.codec))
		rate, u := measured(t, "pipeline", n, "run", "--quiet", consumer(t, broker, c.name, "g-"+c.name, "handler: measured_end\ncodec: json"))
		note(t, fmt.Sprintf("memory, Kafka → JSON → Go handler of single records, from a lag of %.1f M records, %s", float64(n)/million, c.name), "< 100 MB",
			"%s; %.2f M records/s", mb(u.memory), rate/1e6)
	}
}

// Eight workers on a handler that takes 10 ms.
func TestSlowHandler(t *testing.T) {
	n := full[int64](500, 100)
	broker := kafkatest.Start(t).Addr()
	var rates [2]float64
	for i, count := range []int64{1, 8} {
		topic := fmt.Sprint("t", count)
		createTopic(t, broker, topic)
		fill(t, broker, topic, n*count)
		rates[i], _ = measured(t, "pipeline", n*count, "run", "--quiet",
			consumer(t, broker, topic, "g-"+topic, fmt.Sprintf("handler: measured_slow\nworkers: {count: %d, by: key}\ncodec: raw", count)))
	}
	note(t, "a handler of 10 ms, 8 workers by key beside one", "≥ 7 ×", "%.0f beside %.1f records/s: %.2f ×", rates[1], rates[0], rates[1]/rates[0])
}
