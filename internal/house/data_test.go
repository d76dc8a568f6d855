package house

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// generators are the pipelines that make the sample data.
var generators = map[string]string{
	"pipelines/generate.yaml":          "data/readings.csv",
	"pipelines/generate-tutorial.yaml": "data/tutorial.csv",
	"pipelines/generate-capture.yaml":  "data/readings.capture",
	"pipelines/generate-doors.yaml":    "data/doors.csv",
}

// The sample data is what the pipelines make, byte for byte.
func TestDataIsGenerated(t *testing.T) {
	dir := checkout(t)
	for pipeline, file := range generators {
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
		runExamples(t, dir, pipeline)
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s is not what %s makes; run: make data", file, pipeline)
		}
	}
}

// table reads a file of the sample data, and the times of its first column.
func table(t *testing.T, file string) (rows [][]string, at []time.Time) {
	t.Helper()
	f, err := os.Open(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err = csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		stamp, err := time.Parse("2006-01-02 15:04:05", row[0])
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, stamp)
	}
	return rows, at
}

// The readings are worth watching: there are bursts and pauses.
func TestReadings(t *testing.T) {
	rows, at := table(t, "data/readings.csv")
	if lasts := at[len(at)-1].Sub(at[0]); len(at) < 2500 || lasts < time.Hour {
		t.Errorf("%d rows over %v, want some 3,000 over an hour", len(at), lasts)
	}
	sensors, status := map[string]int{}, map[string]int{}
	for _, row := range rows[1:] {
		sensors[row[1]]++
		status[row[3]]++
	}
	if len(sensors) < 4 || len(status) != 3 || status["ok"] < 2000 {
		t.Errorf("the sensors are %v, their statuses %v", sensors, status)
	}
	pauses := map[string]int{}
	for i := range at[1:] {
		switch gap := at[i+1].Sub(at[i]); {
		case gap <= 0:
			t.Fatalf("row %d comes %v after the one before", i+2, gap)
		case gap <= 60*time.Millisecond:
			pauses["burst"]++
		case gap >= 90*time.Second:
			pauses["silence"]++
		case gap >= 28*time.Second:
			pauses["half a minute"]++
		}
	}
	if pauses["burst"] < 500 || pauses["half a minute"] < 3 || pauses["silence"] < 3 {
		t.Errorf("the pauses are %v", pauses)
	}
}

func TestTutorial(t *testing.T) {
	rows, at := table(t, "data/tutorial.csv")
	if len(at) != 500 || rows[1][0] != "2021-01-01 00:00:00" {
		t.Errorf("%d rows, the first at %s", len(at), rows[1][0])
	}
	for i := range at[1:] {
		if gap := at[i+1].Sub(at[i]); gap < time.Second || gap > 10*time.Second {
			t.Errorf("row %d comes %v after the one before", i+2, gap)
		}
	}
}
