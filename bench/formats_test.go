//go:build bench

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// A CSV with types to Kafka, as Avro and as JSON.
func TestAvroBesideJSON(t *testing.T) {
	kafka, bin, csv := kafkatest.Start(t), binary(t), rows(t, million)
	schema := filepath.Join(t.TempDir(), "row.avsc")
	text := `{"type": "record", "name": "row", "fields": [{"name": "timestamp", "type": "string"}, {"name": "sensor", "type": "string"}, {"name": "value", "type": "double"}, {"name": "quality", "type": "long"}]}`
	if err := os.WriteFile(schema, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	send := func(topic, codec string) float64 {
		createTopic(t, kafka.Addr(), topic)
		u := run(t, bin, "run", "--quiet", yamlFile(t, fmt.Sprintf("source: {csv: {path: %q, timestamp: timestamp, types: {value: float, quality: int}}}\nsink: {kafka: {brokers: %q, topic: %s}}\ncodec: %s\n",
			csv, kafka.Addr(), topic, codec)))
		return million / u.wall.Seconds()
	}
	var avro, json, ratios []float64
	for i := range rounds() + 1 {
		a, j := send(fmt.Sprint("avro-", i), fmt.Sprintf("{avro: {schema: %q}}", schema)), send(fmt.Sprint("json-", i), "json")
		if i > 0 { // the broker warms up
			avro, json, ratios = append(avro, a), append(json, j), append(ratios, a/j)
		}
	}
	note(t, "CSV with types → Avro → Kafka, 1 M rows, beside JSON", "≥ 0.9 ×", "%.2f M rows/s beside %.2f M: %.2f ×", median(avro)/1e6, median(json)/1e6, median(ratios))
}

func TestGenerate(t *testing.T) {
	bin, n := binary(t), full(20, 2)*million
	file := yamlFile(t, fmt.Sprintf("source: {generate: {count: %d, fields: {n: counter, value: {float: {min: 0, max: 100}}}}}\nsink: drop\ncodec: json\n", n))
	var rates []float64
	for range rounds() {
		rates = append(rates, float64(n)/run(t, bin, "run", "--quiet", file).wall.Seconds())
	}
	note(t, "generate, a counter and a float → drop, whole process", "≥ 5 M records/s", "%.2f M records/s", median(rates)/1e6)
}

func TestValidate(t *testing.T) {
	bin, args := binary(t), []string{"validate"}
	for i := range 100 {
		args = append(args, yamlFile(t, fmt.Sprintf("name: p%d\nsource: {csv: {path: rows.csv, timestamp: timestamp}}\npace: {speed: 10}\ntransforms: [filter: value > 20]\nsink: {kafka: {topic: t%d}}\ncodec: json\n", i, i)))
	}
	var walls []time.Duration
	for range rounds() {
		walls = append(walls, run(t, bin, args...).wall)
	}
	note(t, "validate of 100 pipelines", "< 200 ms", "%d ms", median(walls).Milliseconds())
}
