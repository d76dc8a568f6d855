// Package pipeline is the vocabulary of everything else: the records that
// flow through a pipeline, the contracts of the plugins that read, change and
// write them, the registry of those plugins, and the strict decoding of their
// options.
//
// A plugin is a folder with one type that meets a contract (Source, Transform,
// Sink or Codec), a struct of documented options, and one call to a Register
// function from init. The engine does the rest: batches, back-pressure,
// retries, dead letters, positions, counting and shutting down.
package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// Record is one row or message on its way from a source to a sink.
//
// A record belongs to its batch, whose memory is used again: what outlives the
// call that was given the record is a Clone of it. Strings are immutable and
// may be kept.
type Record struct {
	Key   []byte // nil is no key, which differs from an empty one
	Value Value  // what transforms see: a struct as a rule

	// Raw is the value as the source read it: a message's bytes, a row's
	// text. Nil is none. It is kept for dead letters, and for pipelines that
	// pass bytes through undecoded. Nobody may change it, ever: strings
	// decoded from it share its memory.
	Raw []byte

	// Encoded is the value as the sink's codec wrote it, for sinks that take
	// bytes. Nil is a null value, such as a tombstone in Kafka.
	Encoded []byte

	Headers []Header
	Time    time.Time // the event time; zero if there is none

	// Topic is where the record itself says that it goes, for sinks that write
	// to topics; empty is where the sink says.
	Topic string

	Origin Origin

	// Place is set where the position is not made of the origin: where a record
	// is read again, as from a dead letter, it is the letter's place, and Origin
	// says where the record first came from. Nil: Origin is both.
	Place *Origin

	// Failure is set once the record has failed. Such a record goes no
	// further: transforms and sinks don't see it.
	Failure *Failure
}

// Header is a named piece of metadata.
type Header struct {
	Key   string
	Value []byte
}

// Origin says where a record comes from: the source's partition (a file, or a
// topic's partition) and the place in it.
type Origin struct {
	Source    string // the file as named by the user, or the topic
	Partition int32  // of a topic; 0 for a file, but for a followed one its identity
	Offset    int64  // of the message; or the byte at which the row starts, after decompression
	Line      int64  // on which the row starts, from 1; 0 where there are no lines
}

// SamePartition reports whether two records are from one partition of the
// source, in which order means something.
func (o Origin) SamePartition(p Origin) bool {
	return o.Partition == p.Partition && o.Source == p.Source
}

// String returns "file:line" or "topic[partition]@offset".
func (o Origin) String() string {
	if o.Line > 0 {
		return fmt.Sprintf("%s:%d", o.Source, o.Line)
	}
	return fmt.Sprintf("%s[%d]@%d", o.Source, o.Partition, o.Offset)
}

// Position is a place in a source: the last record that is done, for every
// partition of which one is. An empty position is the start.
type Position []Origin

// String returns the places in the source, of which there may be many, in
// short: "a.csv:20", "a.csv:20, b.csv:5 and 3 more".
func (p Position) String() string {
	const shown = 3
	var places []string
	for _, o := range p[:min(len(p), shown)] {
		places = append(places, o.String())
	}
	text := strings.Join(places, ", ")
	if more := len(p) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Clone returns a copy that changes on its own.
func (p Position) Clone() Position { return slices.Clone(p) }

// Advance moves the position on to o.
func (p Position) Advance(o Origin) Position {
	// The names of most origins are one and the same string, which is quickly
	// seen, and matters where many files are merged.
	source := unsafe.StringData(o.Source)
	for i := range p {
		if p[i].Partition == o.Partition && unsafe.StringData(p[i].Source) == source && len(p[i].Source) == len(o.Source) {
			p[i] = o
			return p
		}
	}
	if i := slices.IndexFunc(p, o.SamePartition); i >= 0 {
		p[i] = o
		return p
	}
	return append(p, o)
}

// Last returns the last done record of a partition.
func (p Position) Last(source string, partition int32) (Origin, bool) {
	i := slices.IndexFunc(p, Origin{Source: source, Partition: partition}.SamePartition)
	if i < 0 {
		return Origin{}, false
	}
	return p[i], true
}

// At returns the place of the record in its source, which positions are made
// of.
func (r *Record) At() Origin {
	if r.Place != nil {
		return *r.Place
	}
	return r.Origin
}

// Get returns the named field of the record's value, null if there is none.
func (r *Record) Get(name string) Value {
	v, _ := r.Lookup(name)
	return v
}

// Lookup returns the named field of the record's value and whether there is
// one.
func (r *Record) Lookup(name string) (Value, bool) {
	if r.Value.kind != KindStruct {
		return Value{}, false
	}
	for _, f := range r.Value.Fields() {
		if f.Name == name {
			return f.Value, true
		}
	}
	return Value{}, false
}

// Set sets the named field, adding it at the end if there is none. A value
// that is not a struct becomes one.
func (r *Record) Set(name string, v Value) {
	var fs []Field
	if r.Value.kind == KindStruct {
		fs = r.Value.Fields()
	}
	for i := range fs {
		if fs[i].Name == name {
			fs[i].Value = v
			return
		}
	}
	r.Value = Struct(append(fs, Field{name, v}))
}

// Remove removes the named field and reports whether it was there.
func (r *Record) Remove(name string) bool {
	if r.Value.kind != KindStruct {
		return false
	}
	fs := r.Value.Fields()
	i := slices.IndexFunc(fs, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return false
	}
	r.Value = Struct(slices.Delete(fs, i, i+1))
	return true
}

// Fail marks the record as failed. The engine adds the stage and the plugin,
// and does with it what the pipeline's error policy says.
func (r *Record) Fail(err error) {
	if err == nil {
		err = errNoReason
	}
	r.Failure = &Failure{Err: err}
}

var errNoReason = errors.New("no reason is given")

// Clone returns a copy that shares nothing with r that may change.
func (r *Record) Clone() Record {
	c := *r
	c.Key, c.Encoded = bytes.Clone(r.Key), bytes.Clone(r.Encoded)
	c.Value = r.Value.Clone()
	c.Headers = slices.Clone(r.Headers)
	for i, h := range c.Headers {
		c.Headers[i].Value = bytes.Clone(h.Value)
	}
	return c
}
