package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// omittedLines tell of rows that the pace does not play, or plays otherwise.
func (o outlook) omittedLines() []outlookLine {
	var lines []outlookLine
	add := func(label, format string, args ...any) {
		lines = append(lines, outlookLine{label, fmt.Sprintf(format, args...)})
	}
	m := o.Omitted
	if m.Outside > 0 {
		text := humanize.Comma(m.Outside) + " before start, or from end on"
		if m.Unread {
			text += "; what follows is not read"
		}
		if o.Rows == 0 {
			text += fmt.Sprintf("; they go from %s to %s", instant(m.First), instant(m.Last))
		}
		add("outside", "%s", text)
	}
	if m.Duplicates > 0 {
		add("duplicates", "%s left out: equal to the row before", humanize.Comma(m.Duplicates))
	}
	if !o.Unpaced && o.plan.Pace.Disorder != nil {
		d := m.Disorder
		text := fmt.Sprintf("%s late, %s doubled, %s dropped, %s swapped", humanize.Comma(d.Late), humanize.Comma(d.Duplicated), humanize.Comma(d.Dropped), humanize.Comma(d.Swapped))
		if o.plan.Pace.Loop.Rounds() != 1 {
			text += ", in the first round; the others have others"
		}
		add("disorder", "%s", text)
	}
	return lines
}

// isPlayed reports whether there is a pace, and a row that is due by it.
func (o outlook) isPlayed() bool {
	return !o.Unpaced && (!o.First.IsZero() || o.plan.Pace.Rate.Records > 0 && o.Untimed.Count > 0)
}

// durationLines tell how long the replay lasts, and from when to when.
func (o outlook) durationLines() []outlookLine {
	if o.Unpaced {
		return []outlookLine{{"duration", "as fast as possible: there is no pace"}}
	}
	p := o.plan.Pace
	lines := []outlookLine{{"duration", o.duration()}}
	if at := p.StartAt.Time; !at.IsZero() {
		text := instant(at.Round(time.Millisecond))
		if in := time.Until(at); in < 0 {
			text += ", which has passed: the replay begins at once"
		} else {
			text += ", in " + span(in)
			if p.Loop.Rounds() != config.Forever {
				text += "; ends " + instant(at.Add(o.Duration).Round(time.Millisecond))
			}
		}
		lines = append(lines, outlookLine{"begins", text})
	}
	if p.Rebase != "" {
		lines = append(lines, outlookLine{"event times", "moved, so that the first is the start of the replay"})
	}
	switch p.WhenBehind {
	case config.Stretch:
		lines = append(lines, outlookLine{"when behind", "lasts longer, by what it is late"})
	case config.Drop:
		lines = append(lines, outlookLine{"when behind", fmt.Sprintf("leaves out rows that are more than %v late", p.DropAfter)})
	}
	return lines
}

func (o outlook) duration() string {
	p := o.plan.Pace
	rounds := p.Loop.Rounds()
	if o.Duration == 0 && rounds == 1 {
		return "none: all rows are due at once"
	}
	length := span(o.Duration)
	if p.Disorder != nil && rounds != 1 {
		length = "about " + length
	}
	var b strings.Builder
	switch {
	case rounds == config.Forever:
		fmt.Fprintf(&b, "without end: rounds of %s", length)
	case rounds > 1:
		fmt.Fprintf(&b, "%s: %s rounds of %s", length, humanize.Comma(int64(rounds)), span(o.Round))
	default:
		b.WriteString(length)
	}
	if rounds != 1 && p.LoopDelay > 0 {
		fmt.Fprintf(&b, ", %v between them", p.LoopDelay)
	}
	fmt.Fprintf(&b, " at speed %v", p.Speed)
	switch {
	case p.Rate.Records > 0:
		b.WriteString(", at a constant rate")
	case p.MaxGap > 0 || p.SkipGapsOver > 0:
		b.WriteString(", with long pauses shortened")
	}
	return b.String()
}
