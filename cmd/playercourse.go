package cmd

import (
	"strings"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/engine"
)

// course is what a player has seen of a recording: where in it the replay is,
// and its pauses.
type course struct {
	first, at, end time.Time // zero: not known
	pauses         []pause   // in the order in which they were seen
	next           time.Time // the end of the one in which the play head is; zero if it is in none
}

type pause struct{ from, to time.Time }

const (
	// finest is how many parts of the recording are told apart: a shorter
	// pause is not kept.
	finest = 400
	// mostPauses bounds how many are kept, of a replay that goes to and fro.
	mostPauses = 4 * finest
)

// add takes note of a status.
func (c *course) add(s *engine.Status) {
	if s.Pace == nil || s.Pace.Position.IsZero() {
		return
	}
	c.at, c.end, c.next = s.Pace.Position, s.End, s.Pace.Next
	// A play head that was moved to before all records has not come to one yet.
	if c.first.IsZero() || c.at.Before(c.first) && !s.EventTime.After(c.at) {
		c.first = c.at
	}
	p := pause{s.Pace.From, s.Pace.Next}
	if !p.to.IsZero() && p.to.Sub(p.from) >= c.end.Sub(c.first)/finest && len(c.pauses) < mostPauses &&
		(len(c.pauses) == 0 || c.pauses[len(c.pauses)-1] != p) {
		c.pauses = append(c.pauses, p)
	}
}

// bar draws the recording: what has been played in bold, pauses dashed, and
// the play head between. Where the end is not known it draws the share of the
// source that has been read.
func (c *course) bar(width int, share float64, paint palette) string {
	span := c.end.Sub(c.first)
	timed := !c.end.IsZero() && !c.first.IsZero() && span > 0
	if timed {
		share = max(float64(c.at.Sub(c.first))/float64(span), 0)
	}
	if share < 0 {
		return ""
	}
	head := min(int(share*float64(width)), width-1)
	cells := []rune(strings.Repeat("━", head) + "●" + strings.Repeat("─", width-head-1))
	if timed {
		for _, p := range c.pauses {
			c.draw(cells, p, head)
		}
	}
	return string(cells[:head]) + paint.bold(string(cells[head])) + paint.dim(string(cells[head+1:]))
}

// draw dashes the cells that lie in a pause as a whole.
func (c *course) draw(cells []rune, p pause, head int) {
	cell := float64(c.end.Sub(c.first)) / float64(len(cells))
	from, to := float64(p.from.Sub(c.first))/cell, float64(p.to.Sub(c.first))/cell
	for i := max(int(from), 0); i < len(cells) && float64(i+1) <= to; i++ {
		if i != head && float64(i) >= from {
			cells[i] = '╌'
		}
	}
}

// rates are how many records went in each of the last seconds.
type rates struct {
	since  time.Time // when the second that is counted has begun
	read   int64     // the records before it
	counts []int64
}

// sparkWidth is how many seconds a sparkline shows.
const sparkWidth = 20

func (r *rates) add(now time.Time, read int64) {
	if r.since.IsZero() {
		r.since, r.read = now, read
	}
	seconds := int64(now.Sub(r.since) / time.Second) // many, if the terminal was held
	for range min(seconds, sparkWidth) {
		r.counts = append(r.counts, (read-r.read)/seconds)
	}
	if seconds == 0 {
		return
	}
	r.counts = r.counts[max(len(r.counts)-sparkWidth, 0):]
	r.since, r.read = now, read
}

// sparkline draws the seconds, the latest on the right.
func (r *rates) sparkline() string {
	levels := []rune("▁▂▃▄▅▆▇█")
	most := int64(1)
	for _, n := range r.counts {
		most = max(most, n)
	}
	line := []rune(strings.Repeat(" ", sparkWidth-len(r.counts)))
	for _, n := range r.counts {
		line = append(line, levels[n*int64(len(levels)-1)/most])
	}
	return string(line)
}
