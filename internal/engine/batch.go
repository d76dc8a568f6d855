package engine

import "github.com/pipeline-daemon/pipeline"

// batch is a batch and the memory that goes with it.
type batch struct {
	pipeline.Batch
	part part // of the worker that processes it
	job  job  // of the workers that share it

	originals originals // of the records, if they are kept

	read    []pipeline.Record // what the source has filled, while Records is something else
	further []bool            // marks the records that come of the same one as the one before; nil: there are none
	sent    int               // how many records flights have taken to the write stage

	epoch uint64            // how many seeks came before it
	begin pipeline.Position // where a seek went, of the first batch after it
	end   bool              // the source has ended; there are no records

	round bool              // it begins a round
	moved bool              // its only record is played at a time of its own
	at    int64             // that time, on the scale of event times
	held  bool              // its records were held back: their origins are no positions
	done  pipeline.Position // which is done with such a batch
}

// Reset empties the batch for the source to fill.
func (b *batch) Reset() {
	if b.read != nil {
		b.Records, b.read = b.read, nil
	}
	b.further, b.sent = nil, 0
	b.round, b.moved, b.held, b.done = false, false, false, b.done[:0]
	b.Batch.Reset()
}

// replace puts records in the place of those that were read.
func (b *batch) replace(records []pipeline.Record, further []bool) {
	if further != nil { // they are in memory of the part
		b.read, b.further = b.Records, further
	}
	b.Records = records
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
