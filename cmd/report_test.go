package cmd

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

func TestReport(t *testing.T) {
	statuses := []engine.Status{
		{Name: "replay", State: engine.Completed, Read: 3012, Written: 3000, Filtered: 5, Skipped: 4, DeadLettered: 3, Bytes: 212000, Elapsed: 63 * time.Second,
			Pace: &engine.PaceStatus{Speed: 10, OutOfOrder: 2, Starved: 1500 * time.Millisecond, Backpressure: time.Second,
				Lateness:     engine.Lateness{P50: 600 * time.Microsecond, P90: time.Millisecond, P99: 1200 * time.Microsecond, P999: 2 * time.Millisecond, Max: 3100 * time.Microsecond},
				Acknowledged: engine.Lateness{P50: 2 * time.Millisecond, Max: 9 * time.Millisecond}}},
		{Name: "average", State: engine.Failed, Read: 1, Failed: 1, Err: errors.New("the error"), Lost: 7,
			Lag: []pipeline.Lag{{Source: "t", Partition: 1, Records: 42}}},
	}
	want := `{
  "version": "v1.2.3",
  "pipelines": [
    {
      "name": "replay",
      "state": "completed",
      "error": null,
      "records": {
        "read": 3012,
        "written": 3000,
        "filtered": 5,
        "failed": 0,
        "skipped": 4,
        "dead_lettered": 3
      },
      "bytes_written": 212000,
      "seconds": 63,
      "records_per_second": 47.6,
      "pace": {
        "speed": 10,
        "achieved_speed": null,
        "out_of_order": 2,
        "pauses_shortened": 0,
        "dropped_late": 0,
        "duplicates_dropped": 0,
        "disorder": {
          "late": 0,
          "duplicated": 0,
          "dropped": 0,
          "swapped": 0
        },
        "stretched_seconds": 0,
        "starved_seconds": 1.5,
        "backpressure_seconds": 1,
        "lateness_ms": {
          "p50": 0.6,
          "p90": 1,
          "p99": 1.2,
          "p999": 2,
          "max": 3.1
        },
        "acknowledged_ms": {
          "p50": 2,
          "p90": 0,
          "p99": 0,
          "p999": 0,
          "max": 9
        }
      }
    },
    {
      "name": "average",
      "state": "failed",
      "error": "the error",
      "records": {
        "read": 1,
        "written": 0,
        "filtered": 0,
        "failed": 1,
        "skipped": 0,
        "dead_lettered": 0
      },
      "bytes_written": 0,
      "seconds": 0,
      "records_per_second": 0,
      "pace": null,
      "lost": 7,
      "lag": [
        {
          "topic": "t",
          "partition": 1,
          "records": 42
        }
      ]
    }
  ]
}
`
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte("an old report"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newReport("v1.2.3", statuses).write(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

func TestReportOfNothing(t *testing.T) {
	text, err := json.Marshal(newReport("v1", nil))
	if err != nil || string(text) != `{"version":"v1","pipelines":[]}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestReportThroughALink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip("no links here: ", err)
	}
	if err := replaceFile(link, []byte("report")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v, %v", info.Mode(), err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "report" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}
