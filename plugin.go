package pipeline

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// The contracts. One promise holds for all of them: no two methods of one
// plugin value run at the same time, except where a comment here says so.
// Every value that was opened is closed once, after its last call.

// Source reads records.
type Source interface {
	// Read fills b, which is empty, with at least one record. It blocks until
	// there is one, but never waits to fill the batch: it returns what is
	// there, and no more than fits (see Batch.Full). A row that can't be read
	// is a record too: with its Origin, its text in Raw, and Fail.
	//
	// It returns io.EOF itself when there will be no more, ctx's error once
	// ctx is done, and otherwise the error that ends the pipeline. An error
	// goes with an empty batch.
	Read(ctx context.Context, b *Batch) error
	Close() error
}

// Committer is a Source that keeps positions elsewhere, as a Kafka consumer
// group does. The engine keeps the positions of all other sources.
type Committer interface {
	// Commit says that every record up to those of p is done: stored,
	// filtered, skipped or dead-lettered. Positions come in order; p is the
	// engine's again afterwards. Commit may run at the same time as Read. An
	// error ends the pipeline.
	Commit(ctx context.Context, p Position) error
}

// Sharer is a Source that shares what there is to read with other readers: part
// of it may become another one's while its records wait in this pipeline. These
// are neither handled nor written, since that reader has them too.
type Sharer interface {
	// Turn counts how often a part has become another reader's. Read sets it
	// as the turn of the batch. It may run at any time, and often.
	Turn() int64
	// Left returns the turn with which the part that has the record at o last
	// became another reader's; 0: it never has. Records of it that were read
	// in an earlier turn are left out.
	Left(o Origin) int64
	// Forgo says that the record at o, of a part that has become another
	// reader's, is left out, and so is what follows it there. Forgo comes
	// once the records before it are done or under way at the sink.
	Forgo(o Origin)
	// Passed says that all that was begun with before a turn is done, so that
	// nothing is under way of what had left by then. It comes soon after the
	// turn, unless several workers share the work.
	Passed(turn int64)
}

// Progresser is a Source that knows how far it is.
type Progresser interface {
	// Progress returns the share, 0 to 1, of all there is to read that ends
	// with the record at o, and whether it can tell. It may run at any time,
	// from any goroutine, also after Close.
	Progress(o Origin) (float64, bool)
}

// Lagger is a Source that knows how much waits to be read.
type Lagger interface {
	// Lag returns, for every partition that is read here, how many records are
	// there that are not yet done, at most. It may run at any time, from any
	// goroutine, also after Close.
	Lag() []Lag
}

// Lag is how many records of a partition are waiting.
type Lag struct {
	Source    string // the topic
	Partition int32
	Records   int64
}

// Loser is a Source that may go on though records were gone before it could
// read them.
type Loser interface {
	// Lost returns how many are known to be, at most. It may run at any time,
	// from any goroutine, also after Close.
	Lost() int64
}

// Ender is a Source that may know when its records end.
type Ender interface {
	// End returns the event time of the last record, and whether it is known.
	// The engine asks once, before the first Read.
	End() (time.Time, bool)
}

// Rereader is a Source of rows that can make a row's record once more, from
// the text that a dead letter has kept.
type Rereader interface {
	// Reread adds to b, which has room, the record of a row that was at o. Row
	// is not changed afterwards. An error says why there is no such record. It
	// is called instead of Read.
	Reread(ctx context.Context, o Origin, row []byte, b *Batch) error
}

// Transform changes records, one at a time and in order.
type Transform interface {
	// Apply changes r in place. ErrFiltered takes it out of the pipeline. Any
	// other error fails this record alone, and must leave it as it was: unless
	// the error is Permanent, the engine may try again, as the pipeline's
	// error policy says.
	Apply(ctx context.Context, r *Record) error
	Close() error
}

// Sink stores records.
type Sink interface {
	// Write begins to store the records of b. It is called in order. It may
	// return before they are stored, and is then called with the next batch;
	// it may block while too much is under way.
	//
	// done is called exactly once, from any goroutine, perhaps before Write
	// returns. Until then b is the sink's to read. done(nil) says that every
	// record is stored, or has failed and was marked with Record.Fail before.
	// An error says that the batch as a whole is not stored; unless it is
	// Permanent, Write may be called with the same records again.
	//
	// When ctx is done, what is under way is given up: done is still called,
	// with ctx's error.
	Write(ctx context.Context, b *Batch, done func(error))
	// Close gives up what is still under way and frees what the sink holds.
	Close() error
}

// Codec turns the bytes of a value into a Value and back. The engine calls
// Decode and Encode, of one codec value, from one goroutine.
type Codec interface {
	// Decode decodes data into v. Where v holds a struct, its memory is used
	// again. Strings may share data's memory: nobody changes it. A failure is
	// of this record alone, and Permanent without being marked.
	Decode(data []byte, v *Value) error
	// Encode appends the encoded v to dst and returns the longer slice, as
	// strconv.AppendInt does. On an error what it returns is ignored.
	Encode(dst []byte, v Value) ([]byte, error)
}

// Env is what the engine lends to a plugin when it opens it.
type Env struct {
	Log      *slog.Logger // names the pipeline, the plugin and what kind it is: source, transform, handler, sink, codec or dead_letter
	Pipeline string       // the pipeline's name
	Paced    bool         // records are released at their due time, not as fast as possible
	Position Position     // for a source: where to go on; empty: at the start
	Stdin    io.Reader
	Stdout   io.Writer
	Say      func(option, value string) string // for a source: as Setting; nil: as in YAML
}

// TransformFunc is a Transform that is one function.
type TransformFunc func(*Record) error

var _ Transform = TransformFunc(nil)

// Apply implements Transform.
func (f TransformFunc) Apply(_ context.Context, r *Record) error { return f(r) }

// Close implements Transform.
func (f TransformFunc) Close() error { return nil }

// SyncSink is a sink whose Store returns when the records are stored; with
// Synchronous it is a Sink.
type SyncSink interface {
	// Store stores the records of b. What it returns is what a Sink passes to
	// done; see Sink.Write.
	Store(ctx context.Context, b *Batch) error
	Close() error
}

// Synchronous makes a Sink of one that stores while it is called.
func Synchronous(s SyncSink) Sink { return synchronous{s} }

type synchronous struct{ SyncSink }

// Write implements Sink.
func (s synchronous) Write(ctx context.Context, b *Batch, done func(error)) { done(s.Store(ctx, b)) }
