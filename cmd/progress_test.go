package cmd

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// at returns the view of a pipeline that reads steadily: it begins at a share,
// and each second adds records and to the share.
func viewAfter(seconds int, perSecond int64, from, share float64) view {
	var tr track
	begin := time.Now()
	var v view
	for tick := range seconds*5 + 1 {
		s := engine.Status{State: engine.Running, Read: int64(tick) * perSecond / 5, Share: from}
		if from >= 0 {
			s.Share = from + float64(tick)*share/5
		}
		v = tr.view(begin.Add(time.Duration(tick)*200*time.Millisecond), s, false)
	}
	return v
}

func TestTrack(t *testing.T) {
	for _, c := range []struct {
		name        string
		seconds     int
		perSecond   int64
		from, share float64
		rate        float64
		left        time.Duration
	}{
		{"the first look", 0, 100, 0, 0.1, 0, -1},
		{"too early to tell", 1, 100, 0, 0.1, 100, -1},
		{"a fifth done", 2, 100, 0, 0.1, 100, 8 * time.Second},
		{"begun in the middle", 2, 100, 0.5, 0.1, 100, 3 * time.Second},
		{"nothing moves", 60, 0, 0.5, 0, 0, -1},
		{"hardly anything moves", 60, 1, 0.5, 1e-12, 1, -1},
		{"no share", 60, 100, -1, 0, 100, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := viewAfter(c.seconds, c.perSecond, c.from, c.share)
			if v.rate != c.rate || v.left.Round(time.Millisecond) != c.left.Round(time.Millisecond) {
				t.Errorf("rate %v, left %v; want %v, %v", v.rate, v.left, c.rate, c.left)
			}
		})
	}
}

// A replay knows when its last record is due.
func TestTimeLeftOfAReplay(t *testing.T) {
	event := time.Unix(0, 0)
	for _, step := range []struct{ position, want time.Duration }{
		{0, 60 * time.Second}, {60 * time.Second, 54 * time.Second}, {600 * time.Second, 0}, {700 * time.Second, 0},
	} {
		s := engine.Status{Share: 0.01, EventTime: event, End: event.Add(600 * time.Second),
			Pace: &engine.PaceStatus{Speed: 10, Position: event.Add(step.position)}}
		if v := new(track).view(time.Now(), s, false); v.left != step.want {
			t.Errorf("at %v: %v left, want %v", step.position, v.left, step.want)
		}
	}
}

// The rate is that of the last seconds, not of the whole run.
func TestRateIsRecent(t *testing.T) {
	var tr track
	begin := time.Now()
	var v view
	for second := range 60 {
		v = tr.view(begin.Add(time.Duration(second)*time.Second), engine.Status{Read: int64(min(second, 30)) * 1000}, false)
	}
	if v.rate != 0 {
		t.Errorf("after half a minute without records the rate is %v", v.rate)
	}
	if len(tr.samples) > 10 {
		t.Errorf("%d samples are kept", len(tr.samples))
	}
}

func TestProgressLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	var tr track
	tr.log(log, view{Status: engine.Status{Name: "replay", State: engine.Opening, Share: -1}, left: -1})
	tr.log(log, replayView())
	tr.log(log, replayView()) // nothing new
	tr.log(log, view{Status: engine.Status{Name: "average", State: engine.Running, Read: 7, Share: -1}, rate: 1, left: -1})
	want := `level=INFO msg=running pipeline=replay records=1234 rate=47.8/s event_time=2021-01-01T00:12:34Z share=42.0% late_p99="1.2 ms" left="1m 12s"
level=INFO msg=running pipeline=average records=7 rate=1/s
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
