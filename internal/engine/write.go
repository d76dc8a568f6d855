package engine

import (
	"context"
	"errors"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

// writer is the write stage. It runs on the goroutine that called Run.
type writer struct {
	*Pipeline
	ctx         context.Context // done when what is under way is to be given up
	giveUp      func()
	stopReading func()

	acks     chan ack
	queue    []*flight // under way, in order
	err      error
	ended    bool // takes no more flights
	troubled int  // flights under way on which the sink has failed
	logged   int  // failures
}

// run writes flights until there are no more and all are settled.
func (w *writer) run() error {
	w.acks = make(chan ack, 2*flights) // so that done never blocks
	for !w.ended || len(w.queue) > 0 {
		w.next()
		w.settle()
	}
	w.stopReading()
	if errors.Is(w.err, errGrace) {
		w.abandon()
	}
	w.fail(w.keep(true))
	return w.err
}

// next takes the next thing that happens. What a sink has done comes before
// what it is given, and it is given nothing new while there is a flight that
// it may have to be given again: that one is not to be overtaken.
func (w *writer) next() {
	select {
	case a := <-w.acks:
		w.acked(a)
		return
	default:
	}
	in := w.released
	if w.ended || w.troubled > 0 {
		in = nil
	}
	select {
	case f, ok := <-in:
		if ok {
			w.send(f)
		} else {
			w.ended = true
		}
	case a := <-w.acks:
		w.acked(a)
	}
}

func (w *writer) acked(a ack) {
	f := a.flight
	a.delivery.err = a.err
	f.pending--
	if f.main.err != nil && !f.troubled {
		f.troubled = true
		w.troubled++
	}
}

// fail ends the pipeline with err, unless it is nil or the pipeline has failed
// before: nothing more is read, and what is under way is given up.
func (w *writer) fail(err error) {
	if err == nil {
		return
	}
	w.halt(err)
	w.giveUp()
}

// halt ends the pipeline with err, and what is under way goes on.
func (w *writer) halt(err error) {
	if w.err == nil {
		w.err = err
	}
	w.end()
}

// end takes no more flights; those under way go on.
func (w *writer) end() {
	w.ended = true
	w.stopReading()
}

// send sorts a flight's records and begins to write them.
func (w *writer) send(f *flight) {
	if f.main.sink == nil {
		f.main = delivery{sink: w.sink, role: "sink", plugin: w.plan.Sink.Name, batch: &f.Batch,
			done: func(err error) { w.acks <- ack{f, &f.main, err} }}
		f.dead = delivery{sink: w.dead, role: "dead letter sink", batch: &f.letters,
			done: func(err error) { w.acks <- ack{f, &f.dead, err} }}
		if w.plan.DeadLetter != nil {
			f.dead.plugin = w.plan.DeadLetter.Name
		}
	}
	f.counts, f.stop, f.Written = counts{}, nil, 0
	f.failures, f.position = f.failures[:0], f.position[:0]
	w.separate(f)
	w.queue = append(w.queue, f)
	w.deliver(f, &f.main)
	w.applyPolicy(f)
}

// deliver begins a delivery.
func (w *writer) deliver(f *flight, d *delivery) {
	d.err, d.attempts, d.wait = nil, 1, nil
	if len(d.batch.Records) > 0 {
		f.pending++
		d.sink.Write(w.ctx, d.batch, d.done)
	}
}

// separate moves the records that have failed or are filtered out of the sink's
// way, and notes the flight's position.
func (w *writer) separate(f *flight) {
	good, last := 0, -1 // last: where the record before is now
	for i := range f.Records {
		r := &f.Records[i]
		if r.Failure != nil && r.Failure != filtered && w.plan.Errors.OnFailure == config.Stop {
			f.stop = new(r.Clone())
			f.counts.read++
			f.counts.failed++
			w.end()
			break
		}
		if last >= 0 && !r.Origin.SamePartition(f.Records[last].Origin) {
			f.position = f.position.Advance(f.Records[last].Origin)
		}
		last = i
		f.counts.read++
		switch r.Failure {
		case nil:
			if good != i {
				f.Records[good], f.Records[i] = f.Records[i], f.Records[good]
				last = good
			}
			good++
		case filtered:
			f.counts.filtered++
		default:
			f.failures = append(f.failures, r.Clone())
		}
	}
	if last >= 0 {
		f.position = f.position.Advance(f.Records[last].Origin)
		f.counts.eventTime = f.Records[last].Time
	}
	f.Records = f.Records[:good]
}
