package engine

import "github.com/pipeline-daemon/pipeline"

// part is the records that a worker is given at once, or a piece of them: all of
// a batch, or those of some partitions or keys.
type part struct {
	outcomes
	encoded []byte // what their values were encoded into
	whole   bool   // all of them were processed; otherwise the rest is cut off
	turn    int64  // of the source, in which they were read
	seen    int64  // the turn when its first handler began with it
	tried   error  // a handler has returned it for the first record: what was before that has gone on

	made [2]outcomes // of handlers, in turn

	batch  *batch  // whose part it is, of a piece that goes on before the rest of a batch
	flight *flight // of a flight
}

// begin begins with records.
func (p *part) begin(records []pipeline.Record, further []bool, turn int64) {
	if p.encoded == nil {
		p.encoded = []byte{} // so that an empty encoded value is not a null one
	}
	p.records, p.further, p.encoded, p.whole, p.tried = records, further, p.encoded[:0], true, nil
	p.turn, p.seen = turn, 0
}

// cut ends the part before its i-th record, or before the first one that comes
// of the same record.
func (p *part) cut(i int) {
	for p.isFurther(i) {
		i--
	}
	p.end(i)
}

// end ends the part after n records.
func (p *part) end(n int) {
	p.records, p.whole = p.records[:n], false
	if p.further != nil {
		p.further = p.further[:n]
	}
}

// split takes the first n records off, for a piece of their own.
func (p *part) split(n int, piece *part) {
	further := p.further
	if further != nil {
		further, p.further = further[:n:n], further[n:]
	}
	piece.begin(p.records[:n:n], further, p.turn)
	piece.seen = p.seen
	p.records = p.records[n:]
}

// outcomes are records, some of which handlers have made of others.
type outcomes struct {
	records []pipeline.Record
	further []bool // marks the records that come of the same one as the one before; nil: there are none
}

// isFurther reports whether the i-th record comes of the same one as the one
// before.
func (o *outcomes) isFurther(i int) bool { return o.further != nil && o.further[i] }

// inputs returns of how many of the records that were read they come.
func (o *outcomes) inputs() int {
	n := len(o.records)
	for _, further := range o.further {
		if further {
			n--
		}
	}
	return n
}

func (o *outcomes) add(r *pipeline.Record, further bool) {
	o.records = append(o.records, *r)
	o.further = append(o.further, further)
}
