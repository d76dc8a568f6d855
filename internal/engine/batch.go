package engine

import (
	"slices"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// batch is a batch and the memory that goes with it.
type batch struct {
	pipeline.Batch
	part part // of the worker that processes it
	job  job  // of the workers that share it

	home chan<- *batch // where it goes when it is done

	originals originals // of the records, if they are kept

	read    []pipeline.Record // what the source has filled, while Records is something else; nil: it is Records
	further []bool            // marks the records that come of the same one as the one before; nil: there are none
	seen    int64             // the source's turn when the first handler was given it
	sent    int               // how many records flights have taken to the write stage

	epoch   uint64            // how many seeks came before it
	restart bool              // the position is begin before it: it is the first batch after a seek, or of a round
	begin   pipeline.Position // empty: the start
	end     bool              // the source has ended; there are no records

	round  int64             // to which it belongs; 0: the pace plays no course
	begins bool              // it begins that round
	at     []int64           // the event times at which its records are played, as recorded; empty: their own
	held   bool              // its records were held back: their origins are no positions
	done   pipeline.Position // which is done with such a batch
}

// Reset empties the batch for the source to fill.
func (b *batch) Reset() {
	if b.read != nil {
		b.Records, b.read = b.read, nil
	}
	b.further, b.sent = nil, 0
	b.round, b.begins, b.at, b.held, b.done = 0, false, b.at[:0], false, b.done[:0]
	b.Batch.Reset()
}

// replace puts records in the place of those that were read, or of those that
// are left of them.
func (b *batch) replace(o outcomes) {
	b.read, b.Records, b.further = b.Records, o.records, o.further
	b.spread()
}

// spread gives further records the time of the one that they come with.
func (b *batch) spread() {
	if len(b.at) == 0 || b.further == nil {
		return
	}
	from := -1
	for _, further := range b.further {
		if !further {
			from++
		}
	}
	n := len(b.further)
	b.at = slices.Grow(b.at, max(n-len(b.at), 0))[:n]
	for i := n - 1; i >= 0; i-- { // no earlier place is written before it is read
		b.at[i] = b.at[from]
		if !b.further[i] {
			from--
		}
	}
}

// send notes that the next n records are with the write stage. Of these it
// returns which are further ones, and how many there are at the end that come
// of the same record as the one that follows: their position is not done.
func (b *batch) send(n int) (further []bool, open int) {
	from := b.sent
	b.sent += n
	if b.further == nil {
		return nil, 0
	}
	if n > 0 && b.sent < len(b.further) && b.further[b.sent] {
		for open = 1; open < n && b.further[b.sent-open]; open++ {
		}
	}
	return b.further[from:b.sent], open
}

// firstPlayed returns when the first record is played, in event time, or never.
func (b *batch) firstPlayed() int64 {
	for i := range b.Records {
		switch {
		case !isTimed(&b.Records[i]):
		case len(b.at) > 0:
			return b.at[i]
		default:
			return playback.EventTime(b.Records[i].Time)
		}
	}
	return never
}
