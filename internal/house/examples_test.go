package house

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

type report struct {
	Pipelines []struct {
		Name    string
		State   string
		Records struct{ Read, Written, Failed, Skipped int }
	}
}

// runExamples runs pipelines in a folder, and returns what they reported and
// printed.
func runExamples(t *testing.T, dir string, args ...string) (report, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, build(t), append([]string{"run", "--report", "report.json", "--log-level", "error"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "KAFKA_BROKERS=", "PIPELINE_DEFAULT_BROKER="+freeport.Addr())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stderr.String(), out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r, string(out)
}

// rows is the number of lines below the headers of some files.
func rows(t *testing.T, files ...string) int {
	t.Helper()
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		n += strings.Count(string(text), "\n") - 1
	}
	return n
}

func TestExamples(t *testing.T) {
	ran := map[string]bool{}
	for _, tc := range []struct {
		files  []string
		data   []string
		prints string // the last line, where it is known; empty: nothing
	}{
		{[]string{"replay", "average"}, []string{"data/readings.csv"}, `"average":`},
		{[]string{"replay", "capture"}, []string{"data/readings.csv"}, ""},
		{[]string{"replay", "topic-replay"}, []string{"data/readings.csv"}, ""},
		{[]string{"capture-replay", "average"}, []string{"data/readings.csv"}, `"average":`},
		{[]string{"handler"}, []string{"data/readings.csv"}, ""},
		{[]string{"python"}, []string{"data/readings.csv"}, `"value":`},
		{[]string{"merge"}, []string{"data/readings.csv", "data/doors.csv"}, ""},
		{[]string{"tutorial", "tutorial-consumer"}, []string{"data/tutorial.csv"}, `data/tutorial.csv {"2021-01-01 `},
	} {
		t.Run(strings.Join(tc.files, " and "), func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath("python3"); err != nil && tc.files[0] == "python" {
				t.Skip(err)
			}
			n := rows(t, tc.data...)
			// The limit ends the consumer once it has read what there is.
			args := []string{"--speed", "max", "--limit", strconv.Itoa(n)}
			for _, f := range tc.files {
				args = append(args, "pipelines/"+f+".yaml")
			}
			r, out := runExamples(t, checkout(t), args...)
			for _, p := range r.Pipelines {
				if p.State != "completed" || p.Records.Written != n {
					t.Errorf("%+v, want %d records", p, n)
				}
			}
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if tc.prints == "" {
				n = 1
			}
			if len(lines) != n || !strings.Contains(lines[len(lines)-1], tc.prints) {
				t.Errorf("%d lines, the last %q; want %d with %q", len(lines), lines[len(lines)-1], n, tc.prints)
			}
		})
		for _, f := range tc.files {
			ran["pipelines/"+f+".yaml"] = true
		}
	}
	ran["pipelines/watermill.yaml"] = true    // by TestWatermillExample
	ran["pipelines/dead-letters.yaml"] = true // by TestRedriveExample
	for f := range pacedExamples {
		ran[f] = true
	}
	files, err := filepath.Glob(filepath.Join(root, "pipelines/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		f, _ := filepath.Rel(root, f)
		if _, generates := generators[f]; !generates && !ran[f] {
			t.Errorf("no test runs %s", f)
		}
	}
}

// pacedExamples are about their pace, and run with it, but so fast that it
// takes no time. They write so many records.
var pacedExamples = map[string]struct {
	args    []string
	written func(n int) bool
}{
	"pipelines/loop.yaml":     {[]string{"--set", "pace.loop=2", "--set", "pace.loop_delay=0s"}, func(n int) bool { return n > 50 && n%2 == 0 }},
	"pipelines/disorder.yaml": {nil, func(n int) bool { return n > 2900 && n < 3200 }},
}

func TestPacedExamples(t *testing.T) {
	for file, tc := range pacedExamples {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			r, _ := runExamples(t, checkout(t), append([]string{"--speed", "1e9", file}, tc.args...)...)
			if p := r.Pipelines[0]; p.State != "completed" || !tc.written(p.Records.Written) {
				t.Errorf("%+v", p)
			}
		})
	}
}
