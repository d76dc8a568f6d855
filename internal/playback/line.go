package playback

// Line places records on the time line that the clock plays. Its places are
// event times, less what is left out: of long pauses, and between rounds.
type Line struct {
	MaxGap   int64 // wall time that a pause lasts at most; 0: no limit
	SkipOver int64 // event time; a pause above it is left out; 0: none is
	Rate     Rate  // places at a constant distance, whatever the event times

	begun  bool
	event  int64 // the latest event time so far
	place  int64 // its place
	placed uint64
	delay  int64 // wall time before the next record, which begins a round; -1: it doesn't
}

// Rate is a number of records in a time. The zero Rate is none.
type Rate struct{ Records, Nanoseconds uint64 }

// Place is the place of one record.
type Place struct {
	At        int64
	Gap       int64  // how far it lies after the place before it
	Cut       uint64 // event time that is left out before it
	Backwards bool   // its event time is before the latest so far; it has the place of that one

	Event int64 // the latest event time, up to and with the record
}

// NewLine returns the line on which every place is the event time.
func NewLine() *Line { return &Line{delay: -1} }

// Place returns the place of the next record, at the speed of a state. It may
// be asked again, should the speed change before the record is passed.
func (l *Line) Place(event int64, s *State) Place {
	p := Place{At: event, Event: max(event, l.event)}
	if !l.begun {
		p.Event = event
		return p
	}
	p.Backwards = event < l.event && l.delay < 0
	gap := uint64(p.Event) - uint64(l.event)
	keep := gap
	switch {
	case l.delay >= 0:
		p.Event = event
		gap, keep = 0, s.ratio.played(uint64(l.delay))
	case l.Rate.Records > 0:
		gap, keep = 0, mulDiv(l.placed, l.Rate.Nanoseconds, l.Rate.Records)-mulDiv(l.placed-1, l.Rate.Nanoseconds, l.Rate.Records)
	case l.SkipOver > 0 && gap > uint64(l.SkipOver):
		keep = 0
	case l.MaxGap > 0:
		keep = min(gap, s.ratio.played(uint64(l.MaxGap)))
	}
	p.At = add(l.place, keep)
	p.Gap = p.At - l.place
	if keep < gap {
		p.Cut = gap - keep
	}
	return p
}

// Pass says that the record of a place has left, so that the next one can be
// placed.
func (l *Line) Pass(p Place) {
	l.begun, l.event, l.place, l.delay = true, p.Event, p.At, -1
	l.placed++
}

// Round says that the next record begins a round, a wall time after the last
// record, whatever its event time.
func (l *Line) Round(delay int64) {
	if l.begun {
		l.delay = delay
	}
}

// Jump goes on from an event time, which is its own place, as though a record
// had just left there.
func (l *Line) Jump(event int64) {
	l.begun, l.event, l.place, l.delay = true, event, event, -1
}

// Event returns the event time that lies at a place not before the latest
// record's.
func (l *Line) Event(place int64) int64 { return add64(l.event, place-l.place) }
