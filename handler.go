package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Handler is the user's own code, run on the records of a pipeline: at its
// end, in place of a sink, or among its transforms, where the records that it
// returns go on.
type Handler interface {
	// Handle handles the records of b, which has at least one and none that has
	// failed. It may change them; they and out belong to the engine again when
	// it returns.
	//
	// What it adds to out goes on in place of the records of b; each result
	// comes of one of them. At a pipeline's end a record with results fails.
	//
	// A record that can't be handled is marked with Record.Fail. Unless the
	// error is Permanent, it is handled again, alone, after the others of b, as
	// the pipeline's error policy says; with ErrUntried, that is its first try.
	// An error or a panic of Handle concerns all of b, whose results are then
	// dropped: each of the records is handled again, alone and in order, so that
	// only those at fault fail. What was changed of a record stays changed. With
	// a timeout of the error policy, ctx ends in time.
	//
	// Batches come in order, the first of one record. They grow while calls are
	// short, or while it is quicker to handle more at once. With several workers each has a Handler of its own,
	// and the records of one partition or key always come to the same one.
	Handle(ctx context.Context, b *Batch, out *Results) error
	Close() error
}

// ErrUntried is what a handler fails a record with that it has not come to.
var ErrUntried = errors.New("the handler has not come to this record")

// RecordHandler is a handler of single records; with OneByOne it is a Handler.
type RecordHandler interface {
	// HandleRecord handles r, which it may change. An error fails r alone, and
	// drops its results: unless it is Permanent, r is handled again, as it is
	// then, before any record after it.
	HandleRecord(ctx context.Context, r *Record, out *Results) error
	Close() error
}

// OneByOne makes a Handler of one that handles single records.
func OneByOne(h RecordHandler) Handler { return oneByOne{h} }

type oneByOne struct{ RecordHandler }

// Handle implements Handler. The engine calls HandleRecord instead.
func (h oneByOne) Handle(ctx context.Context, b *Batch, out *Results) error {
	for i := range b.Records {
		out.For(i)
		if err := h.HandleRecord(ctx, &b.Records[i], out); err != nil {
			out.Drop(i)
			b.Records[i].Fail(err)
		}
	}
	return ctx.Err()
}

// HandlerFunc is a Handler, of single records, that is one function.
type HandlerFunc func(ctx context.Context, r *Record, out *Results) error

var (
	_ Handler       = HandlerFunc(nil)
	_ RecordHandler = HandlerFunc(nil)
)

// HandleRecord implements RecordHandler.
func (f HandlerFunc) HandleRecord(ctx context.Context, r *Record, out *Results) error {
	return f(ctx, r, out)
}

// Handle implements Handler.
func (f HandlerFunc) Handle(ctx context.Context, b *Batch, out *Results) error {
	return oneByOne{f}.Handle(ctx, b, out)
}

// Close implements Handler.
func (f HandlerFunc) Close() error { return nil }

// Results takes the records that a Handler returns.
type Results struct {
	batch   *Batch
	at      int // the record that further results come of
	entries []result
	added   []Record
}

// result is a record of the batch that goes on, or one that was added.
type result struct {
	from  int
	added int // -1: the record of the batch itself
}

// Reset empties the results; those to come are of the records of b. The engine
// does it, and whoever else calls a Handler.
func (o *Results) Reset(b *Batch) {
	clear(o.added)
	o.batch, o.at, o.entries, o.added = b, 0, o.entries[:0], o.added[:0]
}

// For says that what is added next comes of the batch's i-th record; before
// the first call it is of the first. Results may be added in any order: they go
// on in the order of the records that they come of.
func (o *Results) For(i int) {
	_ = o.batch.Records[i]
	o.at = i
}

// Keep lets the record itself go on, as it is once Handle returns.
func (o *Results) Keep() { o.entries = append(o.entries, result{o.at, -1}) }

// Add adds a new record and returns it to be filled in; the pointer is good
// until the next Add. Its key, headers and time are those of the record that it
// comes of, and its value is a struct without fields. Its origin and its raw
// bytes stay those of that record. Where several records share a value, a
// change of one is seen in all: change a Clone.
func (o *Results) Add() *Record {
	r := &o.batch.Records[o.at]
	o.entries = append(o.entries, result{o.at, len(o.added)})
	o.added = append(o.added, Record{Value: Struct(nil), Key: slices.Clip(r.Key), Headers: slices.Clip(r.Headers),
		Time: r.Time})
	return &o.added[len(o.added)-1]
}

// Len returns how many results there are.
func (o *Results) Len() int { return len(o.entries) }

// All returns the results in the order of the records that they come of, each
// with that record's number in the batch.
func (o *Results) All() iter.Seq2[int, *Record] {
	if !slices.IsSortedFunc(o.entries, byRecord) {
		slices.SortStableFunc(o.entries, byRecord)
	}
	return func(yield func(int, *Record) bool) {
		for _, e := range o.entries {
			r := &o.batch.Records[e.from]
			if e.added >= 0 {
				r = &o.added[e.added]
				from := &o.batch.Records[e.from]
				r.Raw, r.Origin, r.Place = from.Raw, from.Origin, from.Place
			}
			if !yield(e.from, r) {
				return
			}
		}
	}
}

func byRecord(a, b result) int { return a.from - b.from }

// Drop drops the results of the batch's i-th record.
func (o *Results) Drop(i int) {
	o.entries = slices.DeleteFunc(o.entries, func(e result) bool { return e.from == i })
}

// HandlerTransform is a Handler as it stands in the list of a pipeline's
// transforms. The engine calls the Handler that is in it.
type HandlerTransform struct{ Handler }

var _ Transform = HandlerTransform{}

// Apply implements Transform, for a handler that returns at most one record.
func (t HandlerTransform) Apply(ctx context.Context, r *Record) error {
	b := &Batch{Records: []Record{*r}}
	var out Results
	out.Reset(b)
	err := t.Handle(ctx, b, &out)
	switch failure := b.Records[0].Failure; {
	case err != nil:
		return err
	case failure != nil:
		return failure.Err
	case out.Len() == 0:
		return ErrFiltered
	case out.Len() > 1:
		return Permanent(errors.New("the handler returns several records"))
	}
	for _, result := range out.All() {
		*r = *result
	}
	return nil
}

// PanicError is the failure of a record in whose handling a plugin panicked.
type PanicError struct {
	Value any    // that it panicked with
	Stack []byte // where
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }
