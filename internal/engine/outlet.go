package engine

import "github.com/pipeline-daemon/pipeline"

// pieces bounds the pieces that are under way, of batches and of flights.
const pieces = 64

// outlet is where pieces go on.
type outlet interface {
	// piece returns a part for one, or nil once the pipeline is stopped.
	piece() *part
	// handOn hands on a part that is through. What is left of the one with which
	// the worker has begun is its caller's.
	handOn(p *part)
}

// batchOutlet sends pieces of a batch on.
type batchOutlet struct {
	*Pipeline
	whole *batch
}

func (o *batchOutlet) piece() *part {
	select {
	case b := <-o.batchPieces:
		return &b.part
	case <-o.reading.Done():
		return nil
	}
}

func (o *batchOutlet) handOn(p *part) {
	if p.batch != nil {
		o.whole.leave(p.batch, p.outcomes)
		p.batch.seen = p.seen
		o.forward(p.batch)
	}
}

// leave makes a batch of a piece of b that leaves before the rest.
func (b *batch) leave(piece *batch, o outcomes) {
	piece.Records, piece.further, piece.sent = o.records, o.further, 0
	piece.epoch, piece.round, piece.held, piece.Turn = b.epoch, b.round, b.held, b.Turn
	piece.begins, piece.restart, piece.begin = b.begins, b.restart, b.begin
	b.begins, b.restart, b.begin = false, false, nil
	if piece.at = piece.at[:0]; len(b.at) > 0 {
		n := o.inputs()
		piece.at, b.at = append(piece.at, b.at[:n]...), b.at[n:]
		piece.spread()
	}
	piece.originals.share(&b.originals)
}

// flightOutlet sends pieces of a flight on.
type flightOutlet struct {
	*Pipeline
	whole *flight
}

func (o *flightOutlet) piece() *part {
	select {
	case f := <-o.flightPieces:
		return &f.part
	case <-o.reading.Done():
		return nil
	}
}

func (o *flightOutlet) handOn(p *part) {
	if f := p.flight; f != nil {
		o.whole.leave(f, p.records)
		f.seen = p.seen
		o.handled <- f
	}
}

// leave makes a flight of what of f leaves before the rest.
func (f *flight) leave(piece *flight, records []pipeline.Record) {
	piece.Records, piece.from, piece.last, piece.due = records, f.from, false, f.due
}
