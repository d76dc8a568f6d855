package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The files beside the program are what it writes.
func TestFilesAreGenerated(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("data/%s is not what the program writes; run: go run ./data/generate", name)
		}
	}
}

func times(t *testing.T, name, layout string) []time.Time {
	t.Helper()
	var at []time.Time
	for line := range strings.Lines(string(files()[name])) {
		text, _, _ := strings.Cut(line, ",")
		if text == "timestamp" {
			continue
		}
		stamp, err := time.Parse(layout, text)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, stamp)
	}
	return at
}

func TestReadings(t *testing.T) {
	at := times(t, "readings.csv", "2006-01-02 15:04:05.000")
	if len(at) < 2500 || at[len(at)-1].Sub(at[0]) < time.Hour {
		t.Errorf("%d rows over %v, want some 3,000 over an hour", len(at), at[len(at)-1].Sub(at[0]))
	}
	pauses := map[string]int{}
	for i := range at[1:] {
		switch gap := at[i+1].Sub(at[i]); {
		case gap <= 0:
			t.Fatalf("row %d comes %v after the one before", i+2, gap)
		case gap <= 60*time.Millisecond:
			pauses["burst"]++
		case gap >= 5*time.Minute:
			pauses["five minutes"]++
		case gap >= 30*time.Second:
			pauses["half a minute"]++
		}
	}
	if pauses["burst"] < 500 || pauses["half a minute"] < 5 || pauses["five minutes"] != 1 {
		t.Errorf("the pauses are %v", pauses)
	}
}

func TestTutorial(t *testing.T) {
	at := times(t, "tutorial.csv", time.DateTime)
	if len(at) != 500 || !at[0].Equal(time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%d rows from %v", len(at), at[0])
	}
	for i := range at[1:] {
		if gap := at[i+1].Sub(at[i]); gap < time.Second || gap > 10*time.Second {
			t.Errorf("row %d comes %v after the one before", i+2, gap)
		}
	}
}
