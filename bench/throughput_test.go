//go:build bench

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

// rounds is how often what is short and compared is run.
func rounds() int { return full(7, 1) }

// CSV → JSON → Kafka, beside kcat sending the same file as raw lines.
func TestThroughputBesideKcat(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is missing: install the package kcat")
	}
	kafka := kafkatest.Start(t)
	bin, csv := binary(t), rows(t, million)
	var ours, theirs, ratios []float64
	var cpu []time.Duration
	var memory []int64
	for i := range rounds() + 1 {
		createTopic(t, kafka.Addr(), fmt.Sprintf("ours-%d", i))
		a := run(t, bin, "run", "--quiet", yaml(t, csv, kafka.Addr(), fmt.Sprintf("ours-%d", i), ""))
		createTopic(t, kafka.Addr(), fmt.Sprintf("theirs-%d", i))
		b := run(t, kcat, "-P", "-b", kafka.Addr(), "-t", fmt.Sprintf("theirs-%d", i), "-l", csv)
		if i == 0 {
			continue // the broker warms up
		}
		ours, theirs = append(ours, million/a.wall.Seconds()), append(theirs, million/b.wall.Seconds())
		ratios = append(ratios, b.wall.Seconds()/a.wall.Seconds())
		cpu, memory = append(cpu, a.cpu), append(memory, a.memory)
	}
	note(t, "CSV → JSON → Kafka, 1 M rows, whole process", "", "%.2f M rows/s; kcat -P -l, raw lines: %.2f M; ratio %.2f; CPU %.2f s; memory %s",
		median(ours)/1e6, median(theirs)/1e6, median(ratios), median(cpu).Seconds(), mb(median(memory)))
}

func TestMemoryIsFlat(t *testing.T) {
	kafka := kafkatest.Start(t)
	bin := binary(t)
	var ratios []float64
	var small, large []int64
	one, ten := rows(t, million), rows(t, full(10, 2)*million)
	for i := range full(3, 1) {
		a := run(t, bin, "run", "--quiet", yaml(t, one, kafka.Addr(), fmt.Sprintf("one-%d", i), ""))
		b := run(t, bin, "run", "--quiet", yaml(t, ten, kafka.Addr(), fmt.Sprintf("ten-%d", i), ""))
		small, large = append(small, a.memory), append(large, b.memory)
		ratios = append(ratios, float64(b.memory)/float64(a.memory))
	}
	note(t, "memory, 10 M rows beside 1 M", "", "%s beside %s: %.2f ×", mb(median(large)), mb(median(small)), median(ratios))
}

func TestFirstRecord(t *testing.T) {
	bin := binary(t)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var walls []time.Duration
	for range rounds() {
		cmd := exec.Command(bin, "run", "--quiet", "--limit", "1", "pipelines/replay.yaml")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "PIPELINE_DEFAULT_BROKER="+freeport.Addr(), "KAFKA_BROKERS=")
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		walls = append(walls, time.Since(began))
	}
	note(t, "start to end of a run of one record, embedded broker included", "", "%d ms", median(walls).Milliseconds())
}
