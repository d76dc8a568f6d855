package kafka

import (
	"context"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/twmb/franz-go/pkg/kgo"
)

// slab is the messages of one batch that is under way. It is used again, so
// that producing allocates nothing per record.
//
// All but the last lines of Write happens before its messages are produced.
// From then on it belongs to the promises, which the client runs one at a time.
type slab struct {
	sink *sink
	ctx  context.Context
	b    *pipeline.Batch
	done func(error)

	messages []kgo.Record // as many as the batch has records
	produced []int32      // the indexes of those that are produced
	texts    []byte       // keys and headers that are taken from columns

	order    uint64 // of the batches
	promise  func(*kgo.Record, error)
	pending  int
	rejected []int32 // the indexes of what a broker refused
	err      error
	failed   string // the topic that err is of
}

func newSlab() *slab {
	l := &slab{texts: make([]byte, 0, 4<<10)}
	l.promise = l.settled
	return l
}

// load makes the batch's records messages. A record that can't be one fails.
func (l *slab) load(s *sink, ctx context.Context, b *pipeline.Batch, done func(error)) {
	l.sink, l.ctx, l.b, l.done = s, ctx, b, done
	l.produced, l.rejected, l.texts, l.err = l.produced[:0], l.rejected[:0], l.texts[:0], nil
	n := len(b.Records)
	l.messages = slices.Grow(l.messages[:0], n)[:n]
	w := writer{sink: s, slab: l, now: time.Now(), topic: s.topics[s.options.Topic]}
	for i := range b.Records {
		r := &b.Records[i]
		if r.Failure != nil {
			continue
		}
		if err := w.write(&l.messages[i], r); err != nil {
			r.Fail(pipeline.Permanent(err))
			continue
		}
		l.messages[i].Context = ctx
		l.produced = append(l.produced, int32(i))
	}
	l.pending = len(l.produced)
}

// settled is the promise of every message.
func (l *slab) settled(m *kgo.Record, err error) {
	if err != nil {
		l.fail(m, err)
	}
	l.pending--
	if l.pending == 0 {
		l.end()
	}
}

func (l *slab) fail(m *kgo.Record, err error) {
	at := slices.IndexFunc(l.produced, func(i int32) bool { return &l.messages[i] == m })
	i := l.produced[at]
	own := l.sink.ownFailure(m, err)
	switch {
	case own != nil:
		l.b.Records[i].Fail(pipeline.Permanent(own))
	case rejected(err):
		l.rejected = append(l.rejected, i)
	case l.err == nil:
		l.err, l.failed = err, m.Topic
	}
}

// produceAgain produces rejected messages, and of those that are rejected once
// more the first half and then the other, until each is stored or has failed
// alone.
func (l *slab) produceAgain(rejects []int32) {
	if len(rejects) == 0 || l.err != nil {
		return
	}
	messages := make([]*kgo.Record, len(rejects))
	for at, i := range rejects {
		messages[at] = &l.messages[i]
	}
	l.rejected = nil
	for _, result := range l.sink.client.ProduceSync(l.ctx, messages...) {
		if result.Err == nil {
			continue
		}
		if len(rejects) == 1 && rejected(result.Err) {
			l.b.Records[rejects[0]].Fail(pipeline.Permanent(l.sink.refused(result.Record, result.Err)))
			return
		}
		l.fail(result.Record, result.Err)
	}
	again := l.rejected
	if len(again) < len(rejects) {
		l.produceAgain(again)
		return
	}
	l.produceAgain(again[:len(again)/2])
	l.produceAgain(again[len(again)/2:])
}

// end reports the batch, unless some of it is to be produced again.
func (l *slab) end() {
	if l.err == nil && len(l.rejected) > 0 {
		l.sink.flow.reject(l)
		return
	}
	l.report()
}

// report tells the engine. The slab is free from then on.
func (l *slab) report() {
	s, done, err := l.sink, l.done, l.err
	if err != nil {
		err = s.explain(l.ctx, l.failed, err)
	}
	l.b, l.done, l.ctx = nil, nil, nil
	s.flow.leave(l)
	done(err)
}
