package cmd

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// A track turns the statuses of a pipeline into views: it remembers what a
// single status doesn't tell.
type track struct {
	samples []sample // of the last rateWindow, the oldest first
	first   sample   // the first whose share is known
	seen    bool     // there is one
	logged  int64    // how many records the last log line told of
}

type sample struct {
	at    time.Time
	read  int64
	share float64
}

const (
	rateWindow = 5 * time.Second
	// An estimate of the time left needs this much to go by.
	estimateAfter = 2 * time.Second
)

func (t *track) view(now time.Time, s engine.Status, stopping bool) view {
	if s.Share >= 0 {
		s.Share = min(s.Share, 1)
	}
	latest := sample{now, s.Read, s.Share}
	t.samples = append(t.samples, latest)
	for len(t.samples) > 2 && now.Sub(t.samples[1].at) >= rateWindow {
		t.samples = t.samples[1:]
	}
	if s.Share >= 0 && !t.seen {
		t.first, t.seen = latest, true
	}
	v := view{Status: s, left: -1, stopping: stopping}
	if oldest := t.samples[0]; now.After(oldest.at) {
		v.rate = float64(s.Read-oldest.read) / now.Sub(oldest.at).Seconds()
	}
	if v.left = leftOfReplay(s); v.left < 0 {
		v.left = t.left(latest)
	}
	return v
}

// leftOfReplay is the time until a replay's last record is due, or -1 if that
// is not known.
func leftOfReplay(s engine.Status) time.Duration {
	if s.Pace == nil || s.End.IsZero() || s.Pace.Position.IsZero() {
		return -1
	}
	left := s.End.Sub(s.Pace.Position).Seconds() / s.Pace.Speed
	return time.Duration(max(left, 0) * float64(time.Second))
}

// left estimates the time until the end from the share that was done since the
// first that was seen: a pipeline may go on where an earlier run ended.
func (t *track) left(s sample) time.Duration {
	passed, done := s.at.Sub(t.first.at), s.share-t.first.share
	if !t.seen || s.share < 0 || done <= 0 || passed < estimateAfter {
		return -1
	}
	left := passed.Seconds() * (1 - s.share) / done
	if left > (10 * 365 * 24 * time.Hour).Seconds() {
		return -1
	}
	return time.Duration(left * float64(time.Second))
}

// log tells of a running pipeline in a log line, unless there is nothing new.
func (t *track) log(log *slog.Logger, v view) {
	if v.State != engine.Running || v.Read == t.logged {
		return
	}
	t.logged = v.Read
	attrs := []any{"pipeline", v.Name, "records", v.Read, "rate", rate(v.rate)}
	if !v.EventTime.IsZero() {
		attrs = append(attrs, "event_time", v.EventTime.Format(time.RFC3339))
	}
	if v.Share >= 0 {
		attrs = append(attrs, "share", fmt.Sprintf("%.1f%%", v.Share*100))
	}
	if v.Lag != nil {
		attrs = append(attrs, "lag", lagOf(v.Lag))
	}
	if v.Pace != nil {
		attrs = append(attrs, "late_p99", late(v.Pace.Lateness.P99))
	}
	if v.left >= 0 {
		attrs = append(attrs, "left", span(v.left))
	}
	log.Info("running", attrs...)
}

const (
	redrawEvery = 200 * time.Millisecond
	logEvery    = 10 * time.Second
)

// showProgress shows how far the pipelines are, until done is closed: on a
// terminal in status lines, elsewhere in log lines.
func showProgress(c *console, pipelines []*engine.Pipeline, stopping func() bool, done <-chan struct{}) {
	every := logEvery
	if c.screen != nil {
		every = redrawEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	tracks := make([]track, len(pipelines))
	views := make([]view, len(pipelines))
	for {
		for i, p := range pipelines {
			views[i] = tracks[i].view(time.Now(), p.Status(), stopping())
			if c.screen == nil {
				tracks[i].log(c.log, views[i])
			}
		}
		c.screen.show(func(width, height int) []string { return statusLines(views, width, height, c.paint) })
		select {
		case <-ticker.C:
		case <-done:
			return
		}
	}
}
