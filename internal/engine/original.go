package engine

import (
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// originals is what dead letters say of records as they were read: transforms
// and handlers may change it. The bytes of the value are in Record.Raw.
type originals struct {
	list    []asRead
	text    []byte // of keys and headers
	headers []pipeline.Header
	found   int               // the last one
	buried  []pipeline.Origin // of the records that have a dead letter
}

type asRead struct {
	origin  pipeline.Origin
	time    time.Time
	key     []byte
	headers []pipeline.Header
}

// keepsOriginals reports whether records can change and become dead letters.
func (p *Pipeline) keepsOriginals() bool {
	return p.plan.Errors.OnFailure == config.DeadLetter && (len(p.plan.Transforms) > 0 || p.handlers != nil)
}

// keep notes what the records are before anything changes them.
func (o *originals) keep(records []pipeline.Record) {
	o.list, o.text, o.headers, o.found = o.list[:0], o.text[:0], o.headers[:0], 0
	o.buried = o.buried[:0]
	for i := range records {
		r := &records[i]
		from := len(o.headers)
		for _, h := range r.Headers {
			o.headers = append(o.headers, pipeline.Header{Key: h.Key, Value: o.copy(h.Value)})
		}
		o.list = append(o.list, asRead{r.Origin, r.Time, o.copy(r.Key), o.headers[from:len(o.headers):len(o.headers)]})
	}
}

// share has a piece of a batch know of all of it.
func (o *originals) share(of *originals) {
	o.list, o.found, o.buried = of.list, 0, o.buried[:0]
}

// copy keeps nil apart from what is empty.
func (o *originals) copy(b []byte) []byte {
	if b == nil {
		return nil
	}
	from := len(o.text)
	o.text = append(o.text, b...)
	return o.text[from:len(o.text):len(o.text)]
}

// restore gives a record that has failed its original key, headers and time.
func (o *originals) restore(r *pipeline.Record) {
	same := func(of asRead) bool { return of.origin == r.Origin }
	i := slices.IndexFunc(o.list[o.found:], same)
	if i >= 0 {
		i += o.found
	} else if i = slices.IndexFunc(o.list[:o.found], same); i < 0 {
		return
	}
	o.found = i
	of := &o.list[i]
	r.Time, r.Key, r.Headers = of.time, of.key, of.headers
}

// bury notes that a record gets a dead letter, and reports false if the one that
// it comes of has one: a redrive would process that again for each. Records
// that were read with the same origin are told apart by nothing, and all get one.
func (o *originals) bury(r *pipeline.Record) bool {
	if !slices.Contains(o.buried, r.Origin) {
		o.buried = append(o.buried, r.Origin)
		return true
	}
	read := 0
	for i := range o.list {
		if o.list[i].origin == r.Origin {
			read++
		}
	}
	return read != 1
}
