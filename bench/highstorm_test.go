//go:build bench

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// highstorm is the program of that name, which HIGHSTORM names if it is not in
// the PATH.
func highstorm(t *testing.T) string {
	t.Helper()
	name := os.Getenv("HIGHSTORM")
	if name == "" {
		name = "highstorm"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("highstorm is missing: pip install highstorm==0.1.0, and name it in HIGHSTORM")
	}
	return path
}

// Highstorm replays a topic into a topic. So do we here, and both report how
// late they were.
func TestLatenessBesideHighstorm(t *testing.T) {
	program := highstorm(t)
	kafka, bin := kafkatest.Start(t), binary(t)
	length := full(time.Minute, 3*time.Second)
	createTopic(t, kafka.Addr(), "recorded")
	record(t, kafka.Addr(), "recorded", int(length/time.Millisecond))
	var p50, p99, theirs50, theirs99, cpu, theirCPU []float64
	for i := range full(3, 1) {
		ours, replayed := fmt.Sprint("ours-", i), fmt.Sprint("theirs-", i)
		createTopic(t, kafka.Addr(), ours)
		createTopic(t, kafka.Addr(), replayed)
		l, u := paced(t, bin, yamlFile(t, fmt.Sprintf("source: {kafka: {topics: recorded, brokers: %[1]q, group: none, until: end}}\npace: {speed: 1}\nsink: {kafka: {topic: %[2]s, brokers: %[1]q}}\ncodec: raw\n",
			kafka.Addr(), ours)))
		p50, p99, cpu = append(p50, l.P50), append(p99, l.P99), append(cpu, u.cpu.Seconds())
		their50, their99, u := storm(t, program, kafka.Addr(), replayed)
		theirs50, theirs99, theirCPU = append(theirs50, their50), append(theirs99, their99), append(theirCPU, u.cpu.Seconds())
	}
	note(t, fmt.Sprintf("topic → topic, 1000 records/s for %v, lateness, beside Highstorm 0.1.0", length), "less than Highstorm", "p50 %.3f, p99 %.3f ms, CPU %.2f s; Highstorm p50 %.3f, p99 %.3f ms, CPU %.2f s",
		median(p50), median(p99), median(cpu), median(theirs50), median(theirs99), median(theirCPU))
}

// record writes n records with timestamps a millisecond apart.
func record(t *testing.T, broker, topic string, n int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	start := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range n {
		value := fmt.Appendf(nil, `{"sensor":"s-%04d","value":%d.25,"quality":%d}`, i%1000, i%977, i%100)
		client.Produce(t.Context(), &kgo.Record{Value: value, Timestamp: start.Add(time.Duration(i) * time.Millisecond)}, nil)
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// storm runs Highstorm and returns how late it was, in milliseconds.
func storm(t *testing.T, program, broker, topic string) (p50, p99 float64, u used) {
	t.Helper()
	folder := t.TempDir()
	config, file := filepath.Join(folder, "highstorm.toml"), filepath.Join(folder, "report.json")
	text := fmt.Sprintf(`version = 1
current_context = "bench"
[contexts.bench]
source = "from"
destination = "to"
speed = 1.0
[clusters.local]
bootstrap_servers = %q
security_protocol = "PLAINTEXT"
[sources.from]
kind = "kafka"
cluster = "local"
topic = "recorded"
[destinations.to]
cluster = "local"
topic = %q
partitioning = "preserve"
kafka_timestamp = "send_time"
`, broker, topic)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	u = run(t, program, "replay", "--config", config, "--quiet", "--report", file)
	type duration struct{ Secs, Nanos float64 }
	var report struct {
		Lateness struct{ P50, P99 duration } `json:"scheduling_lateness"`
	}
	readJSON(t, file, &report)
	ms := func(d duration) float64 { return d.Secs*1000 + d.Nanos/1e6 }
	return ms(report.Lateness.P50), ms(report.Lateness.P99), u
}
