//go:build bench

package bench

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// series is what a CSV holds: n rows of so many columns, every so often.
type series struct {
	n       int
	columns int // at least 4: the time, a sensor, a value and its quality
	start   time.Duration
	every   time.Duration
}

// rows writes a CSV of n rows and 4 columns, a millisecond apart.
func rows(t *testing.T, n int) string {
	return series{n: n, columns: 4, every: time.Millisecond}.write(t)
}

func (s series) write(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	layout := "2006-01-02 15:04:05.000"
	if s.every%time.Millisecond != 0 {
		layout += "000"
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprint(w, "timestamp,sensor,value,quality")
	for c := 4; c < s.columns; c++ {
		fmt.Fprint(w, ",c", c)
	}
	fmt.Fprintln(w)
	start := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).Add(s.start)
	for i := range s.n {
		fmt.Fprintf(w, "%s,s-%04d,%.2f,%d", start.Add(time.Duration(i)*s.every).Format(layout), i%1000, 20+float64(i%977)/100, i%100)
		for c := 4; c < s.columns; c++ {
			fmt.Fprintf(w, ",%d.%d", i%977+c, c)
		}
		fmt.Fprintln(w)
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
	return yamlFile(t, fmt.Sprintf("source:\n  csv: {path: %q, timestamp: timestamp}\nsink:\n  kafka: {brokers: %q, topic: %s}\ncodec: json\n%s\n", csv, broker, topic, more))
}

func yamlFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bench.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
