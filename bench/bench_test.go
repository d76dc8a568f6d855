//go:build bench

// Package bench measures pipeline against peers, on a real Apache Kafka on the
// same machine:
//
//	go test -tags bench -count 1 -timeout 60m -v ./bench
//
// Runs that are compared alternate; figures are medians, and ratios are of
// runs side by side. The results go to results.md.
package bench

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
	"github.com/pipeline-daemon/pipeline/internal/kafkatest"
)

const rounds = 7

var results []string

func note(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	results = append(results, line)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && len(results) > 0 {
		text := fmt.Sprintf("# Results\n\nMeasured %s on %d cores (%s), %s, Apache Kafka 4.1.0 on the same cores; medians of %d alternated runs.\n\n| what | measured |\n|---|---|\n%s\n",
			time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), processor(), runtime.Version(), rounds, strings.Join(results, "\n"))
		if err := os.WriteFile("results.md", []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, "\t :\n")
		}
	}
	return runtime.GOARCH
}

// binary is the built command.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipeline")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/pipeline").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// rows writes a CSV of n rows and 4 columns, a millisecond apart.
func rows(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	start := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	fmt.Fprintln(w, "timestamp,sensor,value,quality")
	for i := range n {
		fmt.Fprintf(w, "%s,s-%04d,%.2f,%d\n", start.Add(time.Duration(i)*time.Millisecond).Format("2006-01-02 15:04:05.000"), i%1000, 20+float64(i%977)/100, i%100)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// yaml writes a pipeline from a CSV to a topic, with more lines of YAML.
func yaml(t *testing.T, csv, broker, topic, more string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bench.yaml")
	text := fmt.Sprintf("source:\n  csv: {path: %q, timestamp: timestamp}\nsink:\n  kafka: {brokers: %q, topic: %s}\ncodec: json\n%s\n", csv, broker, topic, more)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// used is what one run of a command took.
type used struct {
	wall, cpu time.Duration
	memory    int64 // the most that was resident, in bytes
}

func run(t *testing.T, name string, args ...string) used {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir()
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return used{time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10}
}

func median[T int64 | time.Duration | float64](all []T) T {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}

func mb(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

const million = 1_000_000

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
	for i := range rounds + 1 {
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
	note(t, "| CSV → JSON → Kafka, 1 M rows, whole process | %.2f M rows/s; kcat -P -l, raw lines: %.2f M; ratio %.2f; CPU %.2f s; memory %s |",
		median(ours)/1e6, median(theirs)/1e6, median(ratios), median(cpu).Seconds(), mb(median(memory)))
}

func TestMemoryIsFlat(t *testing.T) {
	kafka := kafkatest.Start(t)
	bin := binary(t)
	var ratios []float64
	var small, large []int64
	one, ten := rows(t, million), rows(t, 10*million)
	for i := range 3 {
		a := run(t, bin, "run", "--quiet", yaml(t, one, kafka.Addr(), fmt.Sprintf("one-%d", i), ""))
		b := run(t, bin, "run", "--quiet", yaml(t, ten, kafka.Addr(), fmt.Sprintf("ten-%d", i), ""))
		small, large = append(small, a.memory), append(large, b.memory)
		ratios = append(ratios, float64(b.memory)/float64(a.memory))
	}
	note(t, "| memory, 10 M rows beside 1 M | %s beside %s: %.2f × |", mb(median(large)), mb(median(small)), median(ratios))
}

func TestFirstRecord(t *testing.T) {
	bin := binary(t)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var walls []time.Duration
	for range rounds {
		cmd := exec.Command(bin, "run", "--quiet", "--limit", "1", "pipelines/replay.yaml")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "PIPELINE_DEFAULT_BROKER="+freeport.Addr(), "KAFKA_BROKERS=")
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		walls = append(walls, time.Since(began))
	}
	note(t, "| start to end of a run of one record, embedded broker included | %d ms |", median(walls).Milliseconds())
}
