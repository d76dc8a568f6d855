package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// lines renders the player in less than width columns and height rows.
func (p *player) lines(width, height int) []string {
	width = max(width-1, 1) // the last column would wrap on some terminals
	lines := []string{p.stateLine(width), p.courseLine(width), p.flowLine(width), p.latestLine(width), p.lastLine(width)}
	if rows := max(height-1, 1); len(lines) > rows {
		lines = lines[:rows]
		if p.typing || p.notice != "" {
			lines[rows-1] = p.lastLine(width)
		}
	}
	return lines
}

// stateLine tells what the replay does, how fast and how exactly.
func (p *player) stateLine(width int) string {
	v := &p.view
	if v.stopping || v.State != engine.Running || v.Pace == nil {
		return statusLine(*v, 0, width+1, p.paint)
	}
	state := segment{text: "playing", rank: 1, paint: p.paint.green}
	switch {
	case v.Pace.Paused:
		state = segment{text: "paused ", rank: 1, paint: p.paint.yellow}
	case v.Pace.Position.IsZero():
		state.text = "waiting" // for start_at, or the first record
	}
	all := []segment{state, {text: fmt.Sprintf("speed %-5s", factor(v.Pace.Speed)), rank: 2}}
	if v.left >= 0 {
		all = append(all, segment{text: fmt.Sprintf("%6s left", span(v.left)), rank: 3})
	}
	if !v.Pace.Position.IsZero() {
		all = append(all, segment{text: fmt.Sprintf("p99 %7s late", late(v.Pace.Lateness.P99)), rank: 5})
	}
	if v.Pace.Wait >= time.Second {
		all = append(all, segment{text: "next in " + span(v.Pace.Wait), rank: 4})
	}
	name := ansi.Truncate(printable(v.Name), max(width/2, 1), "…")
	return p.paint.bold(name) + fitted(all, width-ansi.StringWidth(name))
}

// courseLine tells where in event time the replay is, and shows it on a bar.
func (p *player) courseLine(width int) string {
	v := &p.view
	at := v.EventTime
	if v.Pace != nil && !v.Pace.Position.IsZero() {
		at = v.Pace.Position
	}
	text := ""
	if !at.IsZero() {
		if text = at.UTC().Format(time.DateTime); len(text) > width {
			text = at.UTC().Format(time.TimeOnly)
		}
		text += strings.Repeat(" ", segmentGap)
	}
	if room := width - len(text); room >= barWidth {
		text += p.course.bar(room, v.Share, p.paint)
	}
	return ansi.Truncate(text, width, "")
}

// flowLine tells how many records go, and where in the source the latest one
// was.
func (p *player) flowLine(width int) string {
	v := &p.view
	all := []segment{{text: p.rates.sparkline(), rank: 4, paint: p.paint.green}, {text: fmt.Sprintf("%7s", rate(v.rate)), rank: 1}, {text: count(v.Read, "record"), rank: 2}}
	if v.Share >= 0 {
		all = append(all, segment{text: strings.TrimLeft(percent(v.Share), " "), rank: 3})
	}
	line := strings.TrimPrefix(fitted(all, width+segmentGap), strings.Repeat(" ", segmentGap))
	if v.Origin == (pipeline.Origin{}) {
		return line
	}
	return line + fitted([]segment{{text: placeIn(v.Origin, width-ansi.StringWidth(line)-segmentGap), rank: 1}}, width-ansi.StringWidth(line))
}

// shortestPlace is how much of a place still tells something.
const shortestPlace = 12

// placeIn names where a record comes from, in at most width columns: the end of
// it, which has the line, or nothing.
func placeIn(o pipeline.Origin, width int) string {
	text := printable(o.String())
	if over := ansi.StringWidth(text) - width; over > 0 {
		if width < shortestPlace {
			return ""
		}
		text = ansi.TruncateLeft(text, over+1, "…")
	}
	return text
}

// latestLine shows the latest record.
func (p *player) latestLine(width int) string {
	var parts []string
	if !p.latest.Time.IsZero() {
		parts = append(parts, p.latest.Time.UTC().Format("15:04:05.000"))
	}
	for _, text := range []string{p.latest.Key, p.latest.Value} {
		if text = strings.TrimRight(strings.ToValidUTF8(text, "·"), "\r\n"); text != "" {
			parts = append(parts, printable(text))
		}
	}
	return p.paint.dim(ansi.Truncate(strings.Join(parts, strings.Repeat(" ", segmentGap)), width, "…"))
}

// lastLine is where a time is typed, where a mistake is told, and else names
// the keys.
func (p *player) lastLine(width int) string {
	switch {
	case p.typing && p.typed == "":
		return ansi.Truncate("go to ▏ such as 2021-01-01 00:30:00, +10m or -10s; Esc: stay", width, "")
	case p.typing:
		text := "go to " + printable(p.typed) + "▏"
		return ansi.TruncateLeft(text, max(ansi.StringWidth(text)-width, 0), "")
	case p.notice != "":
		return p.paint.yellow(ansi.Truncate(printable(p.notice), width, "…"))
	}
	pause := "space pause"
	if pace := p.view.Pace; pace != nil && pace.Paused {
		pause = "space go on"
	}
	return strings.TrimPrefix(fitted([]segment{{text: pause, rank: 1, paint: p.paint.dim},
		{text: "←→ 10 s ⇧ 1 m", rank: 3, paint: p.paint.dim}, {text: "↑↓ 1 0 speed", rank: 4, paint: p.paint.dim},
		{text: ". next", rank: 5, paint: p.paint.dim}, {text: "n past pause", rank: 6, paint: p.paint.dim},
		{text: "g go to", rank: 7, paint: p.paint.dim}, {text: "q stop", rank: 2, paint: p.paint.dim}}, width+segmentGap),
		strings.Repeat(" ", segmentGap))
}
