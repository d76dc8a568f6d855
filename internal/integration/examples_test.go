//go:build integration

package integration

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// message is what the examples write.
type message struct{ Key, Value string }

// Every example that has to do with Kafka runs as it stands. A producer and its consumer run side by
// side, and the consumer is stopped once it has printed what there is.
func TestIntegrationExamples(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	dir := checkout(t)
	ran := map[string]bool{"pipelines/capture.yaml": true, "pipelines/topic-replay.yaml": true, // by TestIntegrationCapture and …TopicReplay
		"pipelines/loop.yaml": true, "pipelines/disorder.yaml": true, "pipelines/merge.yaml": true} // by TestIntegrationPacedExamples
	for _, tt := range []struct {
		producer, consumer string
		topic, data        string
		message            func(row map[string]string) message
		printed            func(t *testing.T, rows []map[string]string, lines []string)
	}{
		{"replay", "average", "my-stream", "data/readings.csv", reading, averages},
		{"capture-replay", "average", "my-stream", "data/readings.csv", keyless, averages},
		{"tutorial", "tutorial-consumer", "tutorial", "data/tutorial.csv", tutorial, timed},
	} {
		files := []string{"pipelines/" + tt.producer + ".yaml", "pipelines/" + tt.consumer + ".yaml"}
		ran[files[0]], ran[files[1]] = true, true
		t.Run(tt.producer, func(t *testing.T) {
			c, rows := c.in(t), readCSV(t, tt.data)
			p := start(t, dir, c.Addr(), append(files, "--speed", "max")...)
			lines := p.prints(len(rows))
			p.says("msg=completed pipeline="+tt.producer, patience)
			p.signal(syscall.SIGINT)
			p.exits(0, patience)

			all := counts{Read: len(rows), Written: len(rows)}
			p.reports(tt.producer, "completed", all)
			p.reports(tt.consumer, "stopped", all)
			want := make([]message, len(rows))
			for i, row := range rows {
				want[i] = tt.message(row)
			}
			if diff := cmp.Diff(want, messagesOf(c.messages(tt.topic))); diff != "" {
				t.Error(diff)
			}
			tt.printed(t, rows, lines)
		})
		c.remove(tt.topic)
	}
	files, err := filepath.Glob(filepath.Join(root, "pipelines", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := filepath.Rel(root, f); !ran[f] && strings.Contains(string(text), "kafka:") {
			t.Errorf("no test runs %s", f)
		}
	}
}

// checkout returns a folder with the examples and their data.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"pipelines", "data"} {
		if err := os.CopyFS(filepath.Join(dir, sub), os.DirFS(filepath.Join(root, sub))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// readCSV returns the rows of a file.
func readCSV(t *testing.T, file string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, cell := range cells {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// The examples of the pace run as they stand, only faster.
func TestIntegrationPacedExamples(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	dir := checkout(t)
	for _, tt := range []struct {
		name     string
		set      []string
		topics   []string
		from, to int // messages
	}{
		{"loop", []string{"pace.loop=3", "pace.loop_delay=0s"}, []string{"my-loop"}, 456, 456},
		{"disorder", nil, []string{"my-disorder"}, 2900, 3200},
		{"merge", nil, []string{"my-stream", "my-doors"}, 3001, 10_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := c.in(t)
			args := []string{"pipelines/" + tt.name + ".yaml", "--speed", "100000"}
			for _, set := range tt.set {
				args = append(args, "--set", set)
			}
			p := start(t, dir, c.Addr(), args...)
			p.exits(0, patience)
			n := 0
			for _, topic := range tt.topics {
				n += c.size(topic)
			}
			if o := p.outcome(tt.name); o.State != "completed" || o.Records.Written != n || n < tt.from || n > tt.to {
				t.Errorf("%+v, with %d messages", o, n)
			}
		})
	}
}

func messagesOf(records []*kgo.Record) []message {
	all := make([]message, len(records))
	for i, r := range records {
		all[i] = message{string(r.Key), string(r.Value)}
	}
	return all
}

// reading is the message of a row of data/readings.csv.
func reading(row map[string]string) message {
	value := strings.TrimSuffix(strings.TrimRight(row["value"], "0"), ".")
	switch {
	case value == "":
		value = "null"
	case !strings.Contains(value, "."):
		value += ".0"
	}
	return message{row["sensor"], fmt.Sprintf(`{"timestamp":"%s","sensor":"%s","value":%s,"status":"%s"}`,
		row["timestamp"], row["sensor"], value, row["status"])}
}

// keyless is reading as data/readings.capture has it, without keys.
func keyless(row map[string]string) message { return message{Value: reading(row).Value} }

// tutorial is the message of a row of data/tutorial.csv.
func tutorial(row map[string]string) message {
	return message{"data/tutorial.csv", fmt.Sprintf(`{"%s": %s.0}`, row["timestamp"], row["value"])}
}

// averages checks what pipelines/average.yaml prints.
func averages(t *testing.T, rows []map[string]string, lines []string) {
	last := map[string][]float64{}
	for i, line := range lines {
		var got struct {
			Timestamp, Sensor string
			Value, Average    float64
			Count             int
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		window := append(last[got.Sensor], got.Value)
		window = window[max(0, len(window)-10):]
		last[got.Sensor] = window
		var sum float64
		for _, v := range window {
			sum += v
		}
		mean := sum / float64(len(window))
		if got.Timestamp != rows[i]["timestamp"] || got.Sensor != rows[i]["sensor"] ||
			got.Count != len(window) || math.Abs(got.Average-mean) > 1e-6 {
			t.Fatalf("line %d is %s, want the mean %v of %d", i+1, line, mean, len(window))
		}
	}
}

// timed checks what pipelines/tutorial-consumer.yaml prints.
func timed(t *testing.T, rows []map[string]string, lines []string) {
	for i, line := range lines {
		if m := tutorial(rows[i]); !strings.HasSuffix(line, m.Key+" "+m.Value) {
			t.Fatalf("line %d is %s, want …%s %s", i+1, line, m.Key, m.Value)
		}
	}
}
