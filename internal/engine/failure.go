package engine

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"github.com/pipeline-daemon/pipeline/internal/jsonvalue"
)

// loggedFailures bounds the log lines about single records: a file may have
// millions of bad rows.
const loggedFailures = 10

// stopsAt reports whether the pipeline stops at a record.
func (p *Pipeline) stopsAt(r *pipeline.Record) bool {
	return r.Failure != nil && r.Failure != filtered && r.Failure != foreign && (p.plan.Errors.OnFailure == config.Stop || pipeline.IsFatal(r.Failure.Err))
}

// applyPolicy deals with a flight's failed records as the error policy says.
func (w *writer) applyPolicy(f *flight) {
	if len(f.failures) == 0 {
		return
	}
	n := int64(len(f.failures))
	w.passed += n
	switch w.plan.Errors.OnFailure {
	case config.Stop: // the sink failed on one: where exactly the position is, is not known
		f.stop = new(f.failures[0])
		f.counts.failed += n
		f.position = f.position[:0]
		w.end()
	case config.Skip:
		w.logFailures(f.failures, "a record failed and is skipped")
		f.counts.skipped += n
	case config.DeadLetter:
		w.logFailures(f.failures, "a record failed and goes to the dead letters")
		f.letters.Records = f.letters.Records[:0]
		for i := range f.failures {
			if f.from.further != nil && !f.from.originals.bury(&f.failures[i]) {
				f.sharing++
				continue
			}
			if w.keepsOriginals() {
				f.from.originals.restore(&f.failures[i])
			}
			f.letters.Records = append(f.letters.Records, w.letter(&f.failures[i], time.Now()))
		}
		w.deliver(f, &f.dead)
		f.countSharing() // of letters of flights before
	}
	w.lastFailed = new(f.failures[len(f.failures)-1])
	f.failures = f.failures[:0]
}

// tooManyFailures is the end of a pipeline of whose records more have failed
// than may, once a flight is settled or, without one, at its end.
func (w *writer) tooManyFailures(f *flight) error {
	failed, read := w.stats.skipped.Load()+w.stats.deadLettered.Load(), w.stats.read.Load()
	if f != nil {
		failed, read = failed+f.counts.skipped+f.counts.deadLettered, read+f.counts.read
		if f.stop != nil { // it is one too many
			failed++
			w.lastFailed = f.stop
		}
	}
	most := w.plan.Errors.MaxFailures
	if w.lastFailed == nil || !most.Exceeded(failed, read, f == nil) {
		return nil
	}
	have := "have"
	if failed == 1 {
		have = "has"
	}
	return fmt.Errorf("%d of %d records %s failed, more than max_failures: %v; the last was %w", failed, read, have, most, w.stopError(w.lastFailed))
}

func (w *writer) logFailures(failures []pipeline.Record, text string) {
	for i := range failures {
		if w.logged == loggedFailures {
			w.log.Warn("more records fail; they are counted, but no longer logged")
		}
		w.logged++
		if w.logged > loggedFailures {
			return
		}
		r := &failures[i]
		w.log.Warn(text, "at", r.Origin.String(), "stage", stageOf(r), "plugin", w.pluginOf(r), "error", r.Failure.Err)
	}
}

// A record that failed without a stage was failed by the source.
func stageOf(r *pipeline.Record) string { return cmp.Or(r.Failure.Stage, pipeline.StageSource) }

func (w *writer) pluginOf(r *pipeline.Record) string {
	return cmp.Or(r.Failure.Plugin, w.plan.Source.Name)
}

// stopError is the end of a pipeline that stops at a failed record.
func (w *writer) stopError(r *pipeline.Record) error {
	tries := ""
	if n := r.Failure.Attempts; n > 1 {
		tries = fmt.Sprintf(" (tried %d times)", n)
	}
	return fmt.Errorf("%v: %s %s: %w%s", r.Origin, stageOf(r), w.pluginOf(r), r.Failure.Err, tries)
}

// letter makes a dead letter. Its value is the report, for sinks that write
// values; its encoded form is the original value, with the report in its
// headers, for sinks that take bytes.
func (w *writer) letter(r *pipeline.Record, now time.Time) pipeline.Record {
	report := []pipeline.Field{
		{Name: "pipeline", Value: pipeline.String(w.plan.Name)},
		{Name: "stage", Value: pipeline.String(stageOf(r))},
		{Name: "plugin", Value: pipeline.String(w.pluginOf(r))},
		{Name: "error", Value: text(r.Failure.Err.Error())},
		{Name: "attempts", Value: pipeline.Int(int64(max(r.Failure.Attempts, 1)))},
		{Name: "time", Value: pipeline.Time(now)},
		{Name: "origin", Value: origin(r.Origin)},
	}
	if !r.Time.IsZero() {
		report = append(report, pipeline.Field{Name: "timestamp", Value: pipeline.Time(r.Time)})
	}
	letter := pipeline.Record{Key: r.Key, Raw: r.Raw, Encoded: r.Raw, Time: r.Time, Origin: r.Origin}
	letter.Headers = append(letter.Headers, r.Headers...)
	for _, f := range report {
		letter.Headers = appendHeaders(letter.Headers, "pipeline.error."+f.Name, f.Value)
	}
	letter.Value = pipeline.Struct(append(report,
		pipeline.Field{Name: "key", Value: bytesOrNull(r.Key)},
		pipeline.Field{Name: "value", Value: original(r)},
		pipeline.Field{Name: "headers", Value: headerList(r.Headers)}))
	if r.Origin.Line > 0 && r.Raw != nil && !utf8.Valid(r.Raw) {
		letter.Set("base64", pipeline.Bool(true)) // else it is taken for text
	}
	if r.Raw == nil && !w.readsBytes() {
		letter.Encoded, _ = jsonvalue.Append(nil, original(r), jsonvalue.Compact) // which original has seen to
	}
	return letter
}

// readsBytes reports whether the source's values are bytes, of which a record
// without any is a null value.
func (p *Pipeline) readsBytes() bool { return p.plan.Decode != nil || p.plan.PassThrough }

func origin(o pipeline.Origin) pipeline.Value {
	if o.Line > 0 {
		return pipeline.Struct([]pipeline.Field{{Name: "file", Value: text(o.Source)}, {Name: "line", Value: pipeline.Int(o.Line)}})
	}
	return pipeline.Struct([]pipeline.Field{{Name: "topic", Value: pipeline.String(o.Source)},
		{Name: "partition", Value: pipeline.Int(int64(o.Partition))}, {Name: "offset", Value: pipeline.Int(o.Offset)}})
}

// text makes a dead letter's text one that JSON can express.
func text(s string) pipeline.Value { return pipeline.String(strings.ToValidUTF8(s, "\uFFFD")) }

// original is the value as it was read: a row keeps its text, a message its
// bytes. A source that has neither gives what it made, if JSON can express
// that: a dead letter must not fail itself.
func original(r *pipeline.Record) pipeline.Value {
	switch {
	case r.Raw == nil:
		if _, err := jsonvalue.Append(nil, r.Value, jsonvalue.Compact); err != nil {
			return text(r.Value.String())
		}
		return r.Value
	case r.Origin.Line > 0 && utf8.Valid(r.Raw):
		return pipeline.String(string(r.Raw))
	}
	return pipeline.Bytes(r.Raw)
}

func bytesOrNull(b []byte) pipeline.Value {
	if b == nil {
		return pipeline.Null()
	}
	return pipeline.Bytes(b)
}

// headerList keeps the order of headers and those of one name.
func headerList(hs []pipeline.Header) pipeline.Value {
	list := make([]pipeline.Value, len(hs))
	for i, h := range hs {
		list[i] = pipeline.Struct([]pipeline.Field{{Name: "key", Value: pipeline.String(h.Key)}, {Name: "value", Value: bytesOrNull(h.Value)}})
	}
	return pipeline.List(list)
}

func appendHeaders(hs []pipeline.Header, name string, v pipeline.Value) []pipeline.Header {
	if v.Kind() == pipeline.KindStruct {
		for _, f := range v.Fields() {
			hs = appendHeaders(hs, name+"."+f.Name, f.Value)
		}
		return hs
	}
	return append(hs, pipeline.Header{Key: name, Value: v.AppendText(nil)})
}
