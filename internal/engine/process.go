package engine

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
)

// filtered marks a record that a transform has taken out of the pipeline.
var filtered = &pipeline.Failure{Err: pipeline.ErrFiltered}

// processStage decodes, transforms and encodes, batch by batch.
func (p *Pipeline) processStage(ctx context.Context) {
	if p.clock != nil {
		defer close(p.processed)
	} else {
		defer close(p.released)
	}
	for b := range p.read {
		if p.stopping.Load() {
			p.dropped.Store(true)
			return
		}
		whole := p.processBatch(ctx, b)
		if len(b.Records) > 0 {
			p.forward(b)
		}
		if !whole {
			p.dropped.Store(true)
			return
		}
	}
}

// forward hands a batch to the next stage; without a pace that is the write
// stage, and the whole batch is one flight.
func (p *Pipeline) forward(b *batch) {
	if p.clock != nil {
		p.processed <- b
		return
	}
	f := <-p.unused // there are as many as batches
	f.Records, f.from, f.last = b.Records, b, true
	p.released <- f
}

// processBatch reports false if it was stopped half way; the batch then ends
// before the first record that is not processed.
func (p *Pipeline) processBatch(ctx context.Context, b *batch) bool {
	if p.decode == nil && p.encode == nil && len(p.chain) == 0 && !p.plan.PassThrough {
		return true
	}
	b.encoded = b.encoded[:0]
	for i := range b.Records {
		r := &b.Records[i]
		if r.Failure != nil {
			continue
		}
		p.decodeRecord(r)
		for j := 0; j < len(p.chain) && r.Failure == nil; j++ {
			if p.stopping.Load() || !p.apply(ctx, &p.chain[j], r) {
				b.Records = b.Records[:i]
				return false
			}
		}
		p.encodeRecord(b, r)
	}
	return true
}

func (p *Pipeline) decodeRecord(r *pipeline.Record) {
	switch {
	case p.decode == nil:
	case r.Raw == nil:
		r.Value = pipeline.Null()
	default:
		if err := p.decode.Decode(r.Raw, &r.Value); err != nil {
			r.Failure = &pipeline.Failure{Err: err, Stage: pipeline.StageDecode, Plugin: p.plan.Decode.Name, Attempts: 1}
		}
	}
}

func (p *Pipeline) encodeRecord(b *batch, r *pipeline.Record) {
	switch {
	case r.Failure != nil:
	case p.plan.PassThrough:
		r.Encoded = r.Raw
	case p.encode == nil || r.Raw == nil && r.Value.IsNull(): // the latter stays a null value
	default:
		at := len(b.encoded)
		buf, err := p.encode.Encode(b.encoded, r.Value)
		if err != nil {
			r.Failure = &pipeline.Failure{Err: err, Stage: pipeline.StageEncode, Plugin: p.plan.Encode.Name, Attempts: 1}
			return
		}
		b.encoded, r.Encoded = buf, buf[at:len(buf):len(buf)]
	}
}

// apply applies one transform, again and again while its error may pass. It
// reports false if it was stopped before it had a result.
func (p *Pipeline) apply(ctx context.Context, s *step, r *pipeline.Record) bool {
	var wait *backoff.ExponentialBackOff
	for attempts := 1; ; attempts++ {
		err := s.Apply(ctx, r)
		switch {
		case err == nil:
			return true
		case errors.Is(err, pipeline.ErrFiltered):
			r.Failure = filtered
			return true
		case pipeline.IsPermanent(err) || attempts > p.plan.Errors.Retries:
			r.Failure = &pipeline.Failure{Err: err, Stage: pipeline.StageTransform, Plugin: s.name, Attempts: attempts}
			return true
		case wait == nil:
			wait = newBackoff(p.plan.Errors)
		}
		if !sleep(ctx, wait.NextBackOff()) {
			return false
		}
	}
}

func retryable(err error) bool {
	return !pipeline.IsPermanent(err) && !errors.Is(err, pipeline.ErrFiltered)
}

func newBackoff(e config.Errors) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = e.Backoff.Initial, e.Backoff.Max, 2
	b.Reset()
	return b
}

// sleep waits and reports true, or false as soon as ctx is done.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
