package engine

import (
	"context"
	"fmt"
	"io"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/playback"
)

// input is the source. A seek that goes back opens it anew.
type input struct {
	pipeline.Source // nil once it is closed
	open            func(context.Context, pipeline.Position) (pipeline.Source, error)
}

// reopen goes on after a position.
func (in *input) reopen(ctx context.Context, after pipeline.Position) error {
	if err := in.Close(); err != nil {
		return fmt.Errorf("closing: %w", err)
	}
	source, err := in.open(ctx, after)
	if err == nil {
		in.Source = source
	}
	return err
}

// Close implements io.Closer.
func (in *input) Close() error {
	source := in.Source
	if in.Source = nil; source == nil {
		return nil
	}
	return source.Close()
}

// reader is the read stage.
type reader struct {
	*Pipeline
	epoch uint64
	left  int64 // records, up to the limit

	// Of a paced pipeline only.
	index    index
	torn     bool              // a Read was interrupted: how far the source is can't be told
	first    int64             // when the first record is played, in event time
	sought   bool              // nothing has been handed on since a seek
	skipping bool              // records before its target
	target   int64             // an event time
	begin    pipeline.Position // after which the seek goes on
}

// readStage reads until the source ends, ctx is done, the limit is reached or
// reading fails. In a paced pipeline it then waits for the last record to
// leave: until then a seek may go back.
func (p *Pipeline) readStage(ctx context.Context) error {
	defer close(p.read)
	r := &reader{Pipeline: p, left: p.opts.Limit}
	if p.clock == nil {
		return r.run(ctx)
	}
	r.index, r.first = newIndex(p.position, p.markEvery), never
	if p.course != nil {
		p.course.reader = r
	}
	for {
		reading, interrupt := context.WithCancel(ctx)
		p.seeks.begin(interrupt)
		err := r.run(reading)
		interrupt()
		if err != nil || ctx.Err() != nil {
			return err
		}
		if p.eof {
			p.read <- &batch{epoch: r.epoch, end: true}
		}
		target, epoch, ok := p.seeks.await(ctx)
		if !ok {
			return nil
		}
		r.epoch, p.eof = epoch, false
		if err := r.goTo(ctx, target); err != nil {
			return err
		}
	}
}

// run reads until the source ends or ctx is done.
func (r *reader) run(ctx context.Context) error {
	for !r.eof {
		b := r.freeBatch(ctx)
		if b == nil {
			return nil
		}
		b.Reset()
		err := r.readBatch(ctx, b)
		switch {
		case err == io.EOF: // a wrapped one is a failure, such as a connection that was closed
			r.free <- b
			r.eof = true
			return nil
		case ctx.Err() != nil:
			r.torn = err != nil
			r.free <- b
			return nil
		case err != nil:
			return err
		case len(b.Records) == 0: // a seek passes over them
			r.free <- b
			continue
		}
		r.hand(b)
	}
	return nil
}

// readBatch fills a batch. A panic of the source is the pipeline's failure.
func (r *reader) readBatch(ctx context.Context, b *batch) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = r.panicError(v)
		}
	}()
	if r.course != nil {
		return r.course.read(ctx, b)
	}
	if err = r.fill(ctx, &b.Batch); r.skipping {
		r.skip(&b.Batch)
	}
	return err
}

// fill has the source fill a batch, and notes how far it has been read.
func (r *reader) fill(ctx context.Context, in *pipeline.Batch) error {
	err := r.input.Read(ctx, in)
	if r.clock == nil {
		return err
	}
	if r.skipping {
		r.begin = r.index.position.Clone()
	}
	r.index.note(in.Records)
	return err
}

// hand gives a batch to the next stage.
func (r *reader) hand(b *batch) {
	b.epoch, b.restart, b.begin = r.epoch, b.begins, nil
	if r.first == never && r.clock != nil {
		r.first = b.firstPlayed()
	}
	if r.sought { // the replay goes on with this batch
		b.restart, b.begin = true, r.begin
		r.arrive(max(r.target, r.first))
	}
	if r.left > 0 {
		if r.left < int64(len(b.Records)) {
			b.Records, b.done = b.Records[:r.left], b.done[:0]
		}
		if r.left -= int64(len(b.Records)); r.left == 0 {
			r.eof = true
		}
	}
	r.read <- b
}

// arrive ends a seek: the replay goes on at an event time.
func (r *reader) arrive(at int64) {
	r.sought, r.skipping = false, false
	r.clock.Jump(at)
}

// skips reports whether a record lies before the target of a seek. The first
// that doesn't is played, and so are all that follow.
func (r *reader) skips(rec *pipeline.Record) bool {
	r.skipping = r.skipping && (rec.Time.IsZero() || playback.EventTime(rec.Time) < r.target)
	return r.skipping
}

// skip drops what lies before the target of a seek. The memory of the records
// stays with the batch.
func (r *reader) skip(b *pipeline.Batch) {
	i := 0
	for i < len(b.Records) && r.skips(&b.Records[i]) {
		i++
	}
	kept := b.Records[:len(b.Records)-i]
	for k := range kept {
		kept[k], b.Records[k+i] = b.Records[k+i], kept[k]
	}
	b.Records = kept
}

// goTo goes to the first record at or after an event time: by reading on from
// where the source is, or from a mark that is nearer.
func (r *reader) goTo(ctx context.Context, target int64) error {
	r.sought, r.skipping, r.target = true, true, target
	if r.opts.Limit > 0 {
		r.left = max(r.opts.Limit-r.leaving.Load(), 1)
	}
	m := r.index.before(target)
	onward := target > r.index.high && m.high <= r.index.high && !r.torn
	if r.course != nil {
		onward = r.course.goTo(target, m, onward)
	}
	if onward {
		return nil
	}
	r.torn = false
	r.index.goTo(m)
	if err := r.input.reopen(ctx, m.position.Clone()); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("reading the source again: %w", err)
	}
	r.stats.reopened(r.input.Source)
	return nil
}

// freeBatch returns a batch to fill, or nil once ctx is done. It makes a new
// one only if none is free, so that a pipeline whose stages keep up with each
// other works in a small part of the memory that it may have.
func (p *Pipeline) freeBatch(ctx context.Context) *batch {
	select {
	case b := <-p.free:
		return b
	default:
	}
	if p.made < p.mayMake {
		p.made++
		return &batch{home: p.free}
	}
	p.memoryWaits.Add(1)
	defer p.memoryWaits.Add(1)
	select {
	case b := <-p.free:
		return b
	case <-ctx.Done():
		return nil
	}
}

// rewind says that the source is read from its start.
func (r *reader) rewind() {
	if r.index.rewind() {
		r.first = never
	}
}
