package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// report is what run --report writes.
type report struct {
	Version   string           `json:"version"`
	Pipelines []pipelineReport `json:"pipelines"`
}

type pipelineReport struct {
	Name             string        `json:"name"`
	State            engine.State  `json:"state"`
	Error            *string       `json:"error"`
	ReaderGone       bool          `json:"reader_gone,omitempty"` // and may not have read the last records that were written
	Records          recordsReport `json:"records"`
	BytesWritten     int64         `json:"bytes_written"`
	Seconds          float64       `json:"seconds"`
	RecordsPerSecond float64       `json:"records_per_second"` // written
	Pace             *paceReport   `json:"pace"`
	Lost             int64         `json:"lost,omitempty"` // records that were gone before they could be read, at most
	Lag              []lagReport   `json:"lag,omitempty"`  // absent: the source doesn't know it
}

// lagReport is how many records of a partition were left, at most.
type lagReport struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Records   int64  `json:"records"`
}

type recordsReport struct {
	Read         int64 `json:"read"`
	Added        int64 `json:"added,omitempty"` // by handlers, beyond one for each that was read
	Written      int64 `json:"written"`
	Filtered     int64 `json:"filtered"`
	Failed       int64 `json:"failed"`
	Skipped      int64 `json:"skipped"`
	DeadLettered int64 `json:"dead_lettered"`
}

type paceReport struct {
	Speed               float64        `json:"speed"`
	AchievedSpeed       *float64       `json:"achieved_speed"` // up to the last record, without pauses; null if nothing can be said
	OutOfOrder          int64          `json:"out_of_order"`   // steps backwards
	PausesShortened     int64          `json:"pauses_shortened"`
	DroppedLate         int64          `json:"dropped_late"`
	DuplicatesDropped   int64          `json:"duplicates_dropped"`
	Disorder            disorderReport `json:"disorder"`
	StretchedSeconds    float64        `json:"stretched_seconds"`
	StarvedSeconds      float64        `json:"starved_seconds"`
	BackpressureSeconds float64        `json:"backpressure_seconds"`
	LatenessMS          latenessReport `json:"lateness_ms"`
	AcknowledgedMS      latenessReport `json:"acknowledged_ms"` // until they were stored, from when they were due
}

// disorderReport counts what pace.disorder has done.
type disorderReport struct {
	Late       int64 `json:"late"`
	Duplicated int64 `json:"duplicated"`
	Dropped    int64 `json:"dropped"`
	Swapped    int64 `json:"swapped"`
}

type latenessReport struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

func newReport(version string, statuses []engine.Status) report {
	r := report{Version: version, Pipelines: make([]pipelineReport, len(statuses))}
	for i, s := range statuses {
		r.Pipelines[i] = newPipelineReport(s)
	}
	return r
}

func newPipelineReport(s engine.Status) pipelineReport {
	p := pipelineReport{Name: s.Name, State: s.State, ReaderGone: s.ReaderGone,
		Records:      recordsReport{s.Read, s.Added, s.Written, s.Filtered, s.Failed, s.Skipped, s.DeadLettered},
		BytesWritten: s.Bytes, Seconds: micros(s.Elapsed) / 1e6, RecordsPerSecond: perSecond(s), Lost: s.Lost}
	if s.Err != nil {
		p.Error = new(s.Err.Error())
	}
	if s.Pace != nil {
		p.Pace = newPaceReport(s.Pace)
	}
	for _, l := range s.Lag {
		p.Lag = append(p.Lag, lagReport{l.Source, l.Partition, l.Records})
	}
	return p
}

func newLatenessReport(l engine.Lateness) latenessReport {
	return latenessReport{millis(l.P50), millis(l.P90), millis(l.P99), millis(l.P999), millis(l.Max)}
}

func newPaceReport(p *engine.PaceStatus) *paceReport {
	r := &paceReport{Speed: p.Speed, OutOfOrder: p.OutOfOrder, PausesShortened: p.Shortened, DroppedLate: p.TooLate,
		DuplicatesDropped: p.Duplicates, Disorder: disorderReport(p.Disorder),
		StretchedSeconds: micros(p.Stretched) / 1e6, StarvedSeconds: micros(p.Starved) / 1e6, BackpressureSeconds: micros(p.Backpressure) / 1e6,
		LatenessMS: newLatenessReport(p.Lateness), AcknowledgedMS: newLatenessReport(p.Acknowledged)}
	if p.Achieved > 0 {
		r.AchievedSpeed = &p.Achieved
	}
	return r
}

// millis returns a duration to the nanosecond.
func millis(d time.Duration) float64 { return float64(d) / 1e6 }

func micros(d time.Duration) float64 { return float64(d.Microseconds()) }

// perSecond is how many records were written in a second, to a tenth.
func perSecond(s engine.Status) float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return math.Round(float64(s.Written)/s.Elapsed.Seconds()*10) / 10
}

func (r report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = replaceFile(path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// replaceFile writes a file as a whole or not at all. What is no file, such as
// /dev/null, and what a link leads to, is written to.
func replaceFile(path string, text []byte) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if f := standardStream(path); f != nil {
			_, err := f.Write(text)
			return err
		}
		return os.WriteFile(path, text, 0o644)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error that matters is the first
	}
	return err
}

// standardStream returns the stream to which a path such as /dev/stdout leads:
// opened by its path, a file would be emptied of what the pipelines wrote.
func standardStream(path string) *os.File {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if stream, err := f.Stat(); err == nil && os.SameFile(info, stream) {
			return f
		}
	}
	return nil
}
