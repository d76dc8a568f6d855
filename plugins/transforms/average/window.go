package average

// window holds the numbers of one key that are averaged now.
//
// A running sum, to which the new numbers are added and from which the old ones
// are subtracted, drifts away from the truth: each step rounds, and after one
// huge number the small ones are lost for good. So nothing is subtracted here.
// The numbers lie on two stacks: new ones are added to newer, old ones are
// taken off older, on which each number knows the sum of itself and those
// below it. When older is empty, newer is turned over onto it, which is one
// addition per number; so a number costs two additions in all.
type window struct {
	older []entry // the oldest on top
	newer []entry // the newest on top
	sum   float64 // of newer

	latest int64 // the latest event time seen, in nanoseconds
}

type entry struct {
	value float64
	sum   float64 // on older: of the values up to this one
	time  int64
}

func (w *window) count() int { return len(w.older) + len(w.newer) }

// mean returns the mean of the numbers, of which there must be one.
func (w *window) mean() float64 {
	sum := w.sum
	if n := len(w.older); n > 0 {
		sum += w.older[n-1].sum
	}
	return sum / float64(w.count())
}

// add adds a number at the latest event time.
func (w *window) add(value float64) {
	w.newer = append(w.newer, entry{value: value, time: w.latest})
	w.sum += value
}

// drop drops the oldest number, of which there must be one.
func (w *window) drop() {
	w.turnOver()
	w.older = w.older[:len(w.older)-1]
}

// turnOver moves the numbers from newer to older if that is empty.
func (w *window) turnOver() {
	if len(w.older) > 0 {
		return
	}
	sum := 0.0
	for i := len(w.newer) - 1; i >= 0; i-- {
		e := w.newer[i]
		sum += e.value
		e.sum = sum
		w.older = append(w.older, e)
	}
	w.newer, w.sum = w.newer[:0], 0
}

// advance moves the end of the window to now, and drops the numbers that are
// then no longer within its length. Time does not go backwards, except that a
// now that is a whole window or more before the latest begins anew.
func (w *window) advance(now, length int64) {
	if w.count() == 0 || w.latest-now >= length {
		*w = window{older: w.older[:0], newer: w.newer[:0], latest: now}
	}
	w.latest = max(w.latest, now)
	for w.count() > 0 {
		w.turnOver()
		if w.latest-w.older[len(w.older)-1].time < length {
			return
		}
		w.drop()
	}
}
