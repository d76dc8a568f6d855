package engine

import (
	"context"
	"errors"
	"time"
)

// most is how many records a handler of batches is given at once: as many as it
// handles within handOn, or more if it handles more in all that way, as one does
// that calls a service once a batch.
type most struct {
	n       int
	cost    time.Duration // of a record, where there were fewer at once; 0: that is not known
	settled int           // for how many calls more at once is not tried again
}

// triedAgain is after how many calls more at once is tried again.
const triedAgain = 100

func (m *most) records() int { return max(m.n, 1) }

// note takes note of how long a call with n records took, or failed.
func (m *most) note(n int, took time.Duration, err error) {
	cost := took / time.Duration(n)
	full := n >= m.records()
	switch {
	case err != nil && n == 1: // it is the record's
	case errors.Is(err, context.DeadlineExceeded): // fewer at once are in time
		*m = most{n: n / 2, cost: cost, settled: triedAgain}
	case err != nil: // they are handled one by one
		*m = most{}
	case took <= handOn:
		if full {
			*m = most{n: 2 * m.records(), cost: cost}
		}
	case m.cost > 0 && took > 2*m.cost*time.Duration(m.n): // much slower than before
		*m = most{n: int(max(handOn/cost, 1))}
	case !full:
	case m.settled > 0:
		if m.settled--; m.settled == 0 {
			m.cost = 0
		}
	case m.cost == 0 || cost < m.cost*3/4: // it pays
		m.n, m.cost = 2*m.records(), cost
	default:
		m.n, m.settled = m.records()/2, triedAgain
	}
}
