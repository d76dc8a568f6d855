package cmd

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/forecast"
)

// printOutlook prints a forecast for people.
func printOutlook(w io.Writer, o outlook, apart bool) error {
	var b strings.Builder
	if apart {
		b.WriteByte('\n')
	}
	b.WriteString(o.title() + "\n")
	for _, line := range slices.Concat(o.rowLines(), o.timeLines(), o.warnings(), o.columnLines()) {
		fmt.Fprintf(&b, "  %-14s%s\n", line.label, line.text)
	}
	for _, line := range o.plot() {
		b.WriteString(strings.TrimRight("  "+line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// outlookLine is a line of a forecast; one without a label goes on with the
// one before.
type outlookLine struct{ label, text string }

func (o outlook) title() string {
	source := end(o.plan.Source.Name, o.plan.Source.Node)
	if o.plan.File == "" {
		return o.name
	}
	return o.plan.File + ": " + source
}

func (o outlook) rowLines() []outlookLine {
	rows := humanize.Comma(o.Rows)
	switch {
	case o.Rows == 0 && o.Omitted.Outside > 0:
		rows = "none between start and end: there is nothing to replay"
	case o.Rows == 0:
		rows = "none: there is nothing to replay"
	case !o.Complete:
		rows += ", then the reading was ended; there may be more"
	}
	lines := append([]outlookLine{{"rows", rows}}, o.omittedLines()...)
	if o.Bad.Count > 0 {
		lines = append(lines, outlookLine{"bad rows", humanize.Comma(o.Bad.Count) + o.fate()})
		lines = append(lines, firstRows(o.Bad, func(r forecast.Row) string { return fmt.Sprintf("%v: %v", r.Origin, r.Err) })...)
	}
	if o.Untimed.Count > 0 {
		text := humanize.Comma(o.Untimed.Count) + " without"
		if o.plan.Pace != nil {
			text += ", which a pace doesn't take: say which column or field holds it"
		}
		lines = append(lines, outlookLine{"event time", text})
	}
	return lines
}

// fate says what the pipeline does with rows that fail.
func (o outlook) fate() string {
	switch o.plan.Errors.OnFailure {
	case "skip":
		return ", which are skipped"
	case "dead_letter":
		return ", which go to the dead letters"
	}
	return ", and a replay stops at the first; errors: {on_failure: skip} goes on"
}

func firstRows(r forecast.Rows, text func(forecast.Row) string) []outlookLine {
	var lines []outlookLine
	for _, row := range r.First {
		lines = append(lines, outlookLine{"", text(row)})
	}
	if more := r.Count - int64(len(r.First)); more > 0 {
		lines = append(lines, outlookLine{"", humanize.Comma(more) + " more"})
	}
	return lines
}

func (o outlook) timeLines() []outlookLine {
	if o.First.IsZero() {
		if o.isPlayed() {
			return o.durationLines()
		}
		return nil
	}
	lines := []outlookLine{{"first", instant(o.First)}, {"last", instant(o.Last)}}
	if o.Span() > 0 {
		lines[1].text += ", " + span(o.Span()) + " later"
	}
	lines = append(lines, o.durationLines()...)
	if p := o.Pauses; p.Count > 0 {
		lines = append(lines, outlookLine{"pauses", fmt.Sprintf("smallest %s before %v", span(p.Smallest.Length), p.Smallest.Before)},
			outlookLine{"", "median   " + span(p.Median)},
			outlookLine{"", fmt.Sprintf("largest  %s before %v", span(p.Largest.Length), p.Largest.Before)})
	}
	busiest := fmt.Sprintf("%s of event time, at %s", count(o.Busiest.Rows, "row")+" in a second", instant(o.Busiest.Time))
	if !o.Unpaced && o.plan.Pace.Speed != 1 {
		busiest += fmt.Sprintf("; in the replay %s", rate(float64(o.BusiestDue.Rows)))
	}
	return append(lines, outlookLine{"busiest", busiest})
}

// warnings are what may surprise in the times.
func (o outlook) warnings() []outlookLine {
	if o.First.IsZero() {
		return nil
	}
	lines := []outlookLine{{"equal times", humanize.Comma(o.Equal)}}
	if o.Equal > 0 {
		lines[0].text += ": rows at the time of the one before, due together with it"
	}
	if o.Backwards.Count == 0 {
		lines = append(lines, outlookLine{"out of order", "0"})
	} else {
		lines = append(lines, outlookLine{"out of order", humanize.Comma(o.Backwards.Count) + ": rows before the latest time so far, due at once"})
		lines = append(lines, firstRows(o.Backwards, func(r forecast.Row) string {
			return fmt.Sprintf("%v: %s, %s back", r.Origin, instant(r.Time), span(r.Back))
		})...)
	}
	for i, s := range o.Strays {
		label := ""
		if i == 0 {
			label = "far ahead"
		}
		lines = append(lines, outlookLine{label, fmt.Sprintf("%v: %s, %s ahead of the rows before it, holds up %s behind it",
			s.Origin, instant(s.Time), span(s.Ahead), count(s.Held, "row"))})
	}
	return lines
}

func (o outlook) columnLines() []outlookLine {
	var lines []outlookLine
	for i, c := range o.Columns {
		label := ""
		if i == 0 {
			label = "types"
		}
		text := fmt.Sprintf("%s: %s", c.Name, kinds(c.Kinds))
		if c.Empty > 0 {
			text += fmt.Sprintf(", %s empty", humanize.Comma(c.Empty))
		}
		lines = append(lines, outlookLine{label, text})
	}
	return lines
}

func kinds(ks []pipeline.Kind) string {
	if len(ks) == 0 {
		return "unknown"
	}
	var names []string
	for _, k := range ks {
		names = append(names, k.String())
	}
	return strings.Join(names, " or ")
}

// instant is a point in time as a person reads it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999999") }

const (
	plotWidth  = 64
	plotHeight = 6
)

// plot draws the rows over event time.
func (o outlook) plot() []string {
	if o.Span() <= 0 {
		return nil
	}
	bars, width := o.Histogram.Bars(plotWidth, o.Last)
	most := slices.Max(bars)
	lines := []string{""}
	label := humanize.Comma(most)
	for level := plotHeight - 1; level >= 0; level-- {
		var b strings.Builder
		for _, n := range bars {
			// A bar that is not empty is seen.
			eighths := max(int(math.Round(float64(n)/float64(most)*plotHeight*8)), int(min(n, 1))) - 8*level
			b.WriteRune([]rune(" ▁▂▃▄▅▆▇█")[min(max(eighths, 0), 8)])
		}
		lines = append(lines, label+" "+b.String())
		label = strings.Repeat(" ", len(label))
	}
	from, to := instant(o.First.Truncate(time.Second)), instant(o.Last.Truncate(time.Second))
	gap := strings.Repeat(" ", max(plotWidth-len(from)-len(to), 1))
	return append(lines, fmt.Sprintf("%s %s%s%s", label, from, gap, to),
		fmt.Sprintf("%s rows, when they are due; a bar is %s of event time", label, span(width)))
}
