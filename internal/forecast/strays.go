package forecast

import (
	"cmp"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
)

// Stray is a row whose time is far ahead of those around it. A replay waits
// for it, and then sends the rows behind it at once, up to one that is later.
type Stray struct {
	Origin pipeline.Origin
	Time   time.Time
	Ahead  time.Duration // of the rows before it
	Held   int64         // the rows behind it that it keeps waiting
}

// strays looks for steps forward that the next rows take back. Ordinary
// disorder is full of them, so only the farthest are kept.
type strays struct {
	latest Stray // the row that stepped forward the farthest of late
	to     int64 // its time
	age    int   // the steps forward since
	proven bool  // a row behind it took the step back
	found  []Stray
}

const (
	// A step is forgotten after so many others: what comes then is not its rows.
	strayAge = 100

	keptStrays = 20

	// A stray is so many times farther ahead than the median pause.
	farAhead = 1000
)

func (s *strays) forward(gap, to int64, o pipeline.Origin) {
	s.age++
	if !s.proven && gap < int64(s.latest.Ahead) && s.age < strayAge {
		return
	}
	s.settle()
	s.latest, s.to, s.age = Stray{Origin: o, Time: time.Unix(0, to).UTC(), Ahead: time.Duration(gap)}, to, 0
}

// back tells of a row that is earlier than one before it.
func (s *strays) back(t int64) {
	if s.latest.Ahead > 0 && saturated(t, s.to) > int64(s.latest.Ahead)/2 {
		s.proven = true
	}
	s.held()
}

// held tells of a row that waits with one before it.
func (s *strays) held() {
	if s.proven {
		s.latest.Held++
	}
}

// settle keeps the latest stray if it is one of the farthest.
func (s *strays) settle() {
	if s.proven {
		s.found = append(s.found, s.latest)
		slices.SortStableFunc(s.found, func(a, b Stray) int { return cmp.Compare(b.Ahead, a.Ahead) })
		s.found = s.found[:min(len(s.found), keptStrays)]
	}
	s.proven, s.latest = false, Stray{}
}

// far returns the strays that are far ahead, for pauses such as these, in
// order of how far.
func (s *strays) far(p Pauses) []Stray {
	s.settle()
	return slices.DeleteFunc(s.found, func(f Stray) bool {
		return p.Count > 1 && f.Ahead/farAhead < p.Median
	})
}
