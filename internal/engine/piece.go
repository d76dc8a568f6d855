package engine

import "time"

// handOn is how long a step works before what it has done goes on, as a piece,
// before the rest of the part.
const handOn = 100 * time.Millisecond

// split takes the first n of a part's records off as a piece, if there are more.
func (w *worker) split(p *part, n int) *part {
	if n == len(p.records) {
		return p
	}
	piece := w.outlet.piece()
	if piece == nil {
		p.cut(n)
		return p
	}
	p.split(n, piece)
	return piece
}

// isDue reports whether a step has worked long enough, at the part's i-th record.
func (w *worker) isDue(p *part, i int) bool { return w.due.Load() && i > 0 && !p.isFurther(i) }

// work takes a part through one leg, as far as it comes in its time, and returns
// what is through. That is the part itself unless it has more.
func (w *worker) work(l *leg, p *part) (piece *part) {
	w.due.Store(false)
	if len(l.steps) > 0 {
		w.timer.Reset(handOn)
		defer w.timer.Stop()
	}
	if l.handles() {
		return w.handle(&l.steps[0], p)
	}
	r := run{worker: w, part: p, leg: l}
	return w.split(p, r.all())
}
