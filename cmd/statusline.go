package cmd

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// view is what there is to see of a pipeline at one moment.
type view struct {
	engine.Status
	rate     float64       // records a second, of the last seconds
	left     time.Duration // until the end; -1 if it is not known
	stopping bool
}

// segment is a piece of a status line.
type segment struct {
	text  string
	rank  int // 1 to lastRank; the lower, the more it matters
	paint func(string) string
}

const (
	segmentGap = 2
	lastRank   = 7
)

// statusLine renders a view in less than width columns. Where there is no room
// for everything, what matters less is left out; what is shown is wide enough
// to stay in its column while numbers change.
func statusLine(v view, nameWidth, width int, paint palette) string {
	room := width - 1 // the last column would wrap on some terminals
	name := []rune(fmt.Sprintf("%-*s", nameWidth, v.Name))
	if limit := max(room/2, 1); len(name) > limit {
		name = append(name[:limit-1], '…')
	}
	return paint.bold(string(name)) + fitted(segments(v, paint), room-len(name))
}

// fitted renders the segments that there is room for, each after a gap.
func fitted(all []segment, room int) string {
	shown := make([]bool, len(all))
	for rank := 1; rank <= lastRank; rank++ {
		for i, s := range all {
			if n := ansi.StringWidth(s.text); s.rank == rank && n > 0 && segmentGap+n <= room {
				shown[i] = true
				room -= segmentGap + n
			}
		}
	}
	var b strings.Builder
	for i, s := range all {
		if !shown[i] {
			continue
		}
		b.WriteString(strings.Repeat(" ", segmentGap))
		if s.paint != nil {
			s.text = s.paint(s.text)
		}
		b.WriteString(s.text)
	}
	return b.String()
}

// segments returns the pieces of a status line in their order.
func segments(v view, paint palette) []segment {
	records := segment{text: count(v.Read, "record"), rank: 6}
	switch {
	case v.State == engine.Completed:
		return []segment{{text: "completed in " + span(v.Elapsed), rank: 1, paint: paint.green}, records}
	case v.State == engine.Failed:
		return []segment{{text: "failed after " + span(v.Elapsed), rank: 1, paint: paint.red}, records}
	case v.State == engine.Stopped:
		return []segment{{text: "stopped after " + span(v.Elapsed), rank: 1, paint: paint.yellow}, records}
	case v.stopping:
		return []segment{{text: "stopping", rank: 1, paint: paint.yellow}, records}
	case v.State == engine.Opening:
		return []segment{{text: "opening", rank: 1, paint: paint.dim}}
	}
	all := make([]segment, 0, 7)
	if !v.EventTime.IsZero() {
		all = append(all, segment{text: v.EventTime.Format(time.DateTime), rank: 4})
	}
	if v.Share >= 0 {
		all = append(all, segment{text: bar(v.Share), rank: 7, paint: paint.dim},
			segment{text: percent(v.Share), rank: 1})
	}
	all = append(all, records, segment{text: fmt.Sprintf("%7s", rate(v.rate)), rank: 2})
	if lag := lagOf(v.Lag); lag > 0 {
		all = append(all, segment{text: "lag " + humanize.Comma(lag), rank: 3})
	}
	if v.Pace != nil {
		all = append(all, segment{text: fmt.Sprintf("p99 %7s", late(v.Pace.Lateness.P99)), rank: 5})
	}
	if v.left >= 0 {
		all = append(all, segment{text: fmt.Sprintf("%6s left", span(v.left)), rank: 3})
	}
	return all
}

// lagOf is how many records wait in all partitions together.
func lagOf(lags []pipeline.Lag) (n int64) {
	for _, l := range lags {
		n += l.Records
	}
	return n
}

// percent shows 100 % only at the end.
func percent(share float64) string { return fmt.Sprintf("%3.0f%%", math.Floor(share*100)) }

const barWidth = 12

func bar(share float64) string {
	full := int(share * barWidth)
	return strings.Repeat("━", full) + strings.Repeat("─", barWidth-full)
}

// statusLines renders the views of all pipelines, below each other, as far as
// they fit on a terminal.
func statusLines(views []view, width, height int, paint palette) []string {
	more := len(views) - max(height-2, 1)
	if more > 0 {
		views = views[:len(views)-more]
	}
	nameWidth := 0
	for _, v := range views {
		nameWidth = max(nameWidth, len(v.Name))
	}
	lines := make([]string, len(views))
	for i, v := range views {
		lines[i] = statusLine(v, nameWidth, width, paint)
	}
	if note := fmt.Sprintf("and %d more", more); more > 0 && len(note) < width {
		lines = append(lines, note)
	}
	return lines
}
