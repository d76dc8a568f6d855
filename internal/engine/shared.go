package engine

import (
	"errors"

	"github.com/pipeline-daemon/pipeline"
)

// foreign marks a record that has become another reader's. It is no failure,
// and counts as if it had not been read.
var foreign = &pipeline.Failure{Err: pipeline.Permanent(errors.New("another reader has it"))}

// leaveOut marks the records that have become another reader's since they were
// read, in a turn of the source, and returns the turn that it is now. It is
// called for what no handler has seen: what one has handled is written.
func (p *Pipeline) leaveOut(records []pipeline.Record, turn int64) (now int64) {
	if p.sharer == nil {
		return 0
	}
	if now = p.sharer.Turn(); now == turn {
		return now
	}
	for i := range records {
		if r := &records[i]; p.sharer.Left(r.At()) > turn {
			r.Failure = foreign
		}
	}
	return now
}

// share is a part of a source, which may become another reader's.
type share struct {
	source    string
	partition int32
}

func shareOf(o pipeline.Origin) share { return share{o.Source, o.Partition} }

// forgo leaves a record out. Several workers may have handled some that follow
// it: the position stays before them.
func (w *writer) forgo(r *pipeline.Record) {
	at := r.At()
	w.sharer.Forgo(at)
	if w.forgone == nil {
		w.forgone = map[share]int64{}
	}
	w.forgone[shareOf(at)] = w.sharer.Left(at)
}

// isForgone reports whether a record before the one at o, read in the same turn
// or earlier, was left out.
func (w *writer) isForgone(o pipeline.Origin, turn int64) bool {
	return len(w.forgone) > 0 && turn < w.forgone[shareOf(o)]
}

// passTurn tells the source that everything before a flight is done, if that
// was begun with in a later turn than those before.
func (w *writer) passTurn(f *flight) {
	if f.seen > w.seen && w.err == nil {
		w.seen = f.seen
		w.sharer.Passed(f.seen)
	}
}
