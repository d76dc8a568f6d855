package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// ordeal is a pipeline in which anything may go wrong, and a diary of what it
// did. What becomes of record n is a function of the seed and of n alone, so
// that it doesn't depend on the scheduler.
type ordeal struct {
	seed                               uint64
	odds                               map[trouble]uint64 // per thousand
	count, partitions                  int64              // record n is of partition n modulo partitions
	batch                              int
	stop                               time.Duration // when the run is stopped; 0: never
	sourceEnds, readerGone, commitEnds int64         // from which record on; 0: never
	committer                          bool
	handler                            string // where there is one
	single, again                      bool
	plan                               config.Plan
	opts                               Options
	pipeline                           *Pipeline

	mu        sync.Mutex
	tries     map[string]int
	given     []int64       // to the sink, for the first time
	stored    map[int64]int // how often, as far as the engine was told
	buried    map[int64]int
	committed map[int32]int64 // the last record, by partition
	problems  []string
}

// trouble is a kind of what goes wrong.
type trouble string

const (
	rowBad     trouble = "a row can't be read"
	sourceSlow trouble = "the source is slow"
	unwanted   trouble = "a record is filtered"
	changeBad  trouble = "a record can't be changed"
	changeBusy trouble = "a record can't be changed yet"
	recordBad  trouble = "the sink refuses a record"
	recordBusy trouble = "the sink can't store a record yet"
	sinkSlow   trouble = "the sink is slow"
	sinkStuck  trouble = "the sink is stuck"
	sinkBad    trouble = "the sink refuses a batch"
	sinkBusy   trouble = "the sink can't store a batch yet"
	letterBad  trouble = "a dead letter is refused"
	gravesBad  trouble = "dead letters are refused"
	gravesBusy trouble = "dead letters can't be stored yet"
)

func drawOrdeal(t *rapid.T) *ordeal {
	o := &ordeal{
		seed: rapid.Uint64().Draw(t, "seed"), odds: map[trouble]uint64{},
		count: rapid.SampledFrom([]int64{0, 1, 30, 300, 600}).Draw(t, "count"), partitions: rapid.Int64Range(1, 3).Draw(t, "partitions"),
		batch: rapid.IntRange(1, 30).Draw(t, "batch"), committer: rapid.Bool().Draw(t, "committer"),
		tries: map[string]int{}, stored: map[int64]int{}, buried: map[int64]int{}, committed: map[int32]int64{},
	}
	for _, kind := range []trouble{rowBad, sourceSlow, unwanted, changeBad, changeBusy, recordBad, recordBusy, sinkSlow, sinkBusy} {
		o.odds[kind] = rapid.SampledFrom([]uint64{0, 0, 20, 300}).Draw(t, string(kind))
	}
	for _, kind := range []trouble{sinkStuck, sinkBad, letterBad, gravesBad, gravesBusy} {
		o.odds[kind] = rapid.SampledFrom([]uint64{0, 0, 0, 30}).Draw(t, string(kind))
	}
	or0 := func(name trouble) int64 { // mostly 0
		if rapid.IntRange(0, 3).Draw(t, string(name)) < 3 {
			return 0
		}
		return 1 + int64(o.chance(name, 0)%600)
	}
	o.sourceEnds, o.readerGone, o.commitEnds = or0("source ends"), or0("reader gone"), or0("commit ends")
	o.stop = time.Duration(or0("stop")) * 100 * time.Microsecond
	o.opts = Options{Log: slog.New(slog.DiscardHandler), Grace: 50 * time.Millisecond, Limit: or0("limit"), Store: o}
	o.plan = config.Plan{Name: "ordeal", Resume: !o.committer, Errors: config.Errors{Retries: 2,
		Backoff:   config.Backoff{Initial: time.Millisecond, Max: 2 * time.Millisecond},
		OnFailure: rapid.SampledFrom([]string{config.Stop, config.Skip, config.DeadLetter}).Draw(t, "policy")}}
	if rapid.Bool().Draw(t, "paced") {
		o.plan.Pace = &config.Pace{Speed: 1}
	}
	o.drawHandler(t)
	if o.plan.Workers = (config.Workers{Count: rapid.SampledFrom([]int{1, 1, 2, 5}).Draw(t, "workers"), By: config.ByKey}); rapid.Bool().Draw(t, "by partition") {
		o.plan.Workers.By = config.ByPartition
	}
	o.bind()
	o.bindHandler()
	return o
}

func (o *ordeal) bind() {
	o.plan.Source = pipeline.NewBound("source", nil, func(_ context.Context, env pipeline.Env) (pipeline.Source, error) {
		if o.committer {
			return ordealCommitter{&ordealSource{ordeal: o, from: o.position()}}, nil
		}
		return &ordealSource{ordeal: o, from: env.Position}, nil
	})
	o.plan.Transforms = []*pipeline.Bound[pipeline.Transform]{pipeline.NewBound("transform", nil,
		func(context.Context, pipeline.Env) (pipeline.Transform, error) {
			return pipeline.TransformFunc(o.change), nil
		})}
	o.plan.Encode = pipeline.NewBound("codec", nil, func(context.Context, pipeline.Env) (pipeline.Codec, error) { return digits{}, nil })
	o.plan.Sink = pipeline.NewBound("sink", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		return &ordealSink{o, o.give, o.store}, nil
	})
	o.plan.DeadLetter = pipeline.NewBound("graves", nil, func(context.Context, pipeline.Env) (pipeline.Sink, error) {
		return &ordealSink{o, func(*pipeline.Batch) {}, o.bury}, nil
	})
}

// comes reports whether a kind of trouble comes over n.
func (o *ordeal) comes(kind trouble, n int64) bool { return o.chance(kind, n)%1000 < o.odds[kind] }

// stays reports whether a kind of trouble that may pass comes over n, and has
// not yet passed. It may need more tries than are made.
func (o *ordeal) stays(kind trouble, n int64) bool {
	if !o.comes(kind, n) {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	key := fmt.Sprint(kind, n)
	o.tries[key]++
	if o.tries[key] > 1+o.plan.Errors.Retries {
		o.problems = append(o.problems, fmt.Sprintf("%s: %d tries for %d", kind, o.tries[key], n))
	}
	return o.tries[key] <= int(o.chance(kind, n)/1000%5)
}

func (o *ordeal) chance(kind trouble, n int64) uint64 {
	x := o.seed ^ uint64(n+1)*0x9e3779b97f4a7c15
	for i := range len(kind) {
		x = (x ^ uint64(kind[i])) * 0x100000001b3
	}
	return x ^ x>>31
}

func (o *ordeal) problem(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.problems = append(o.problems, fmt.Sprintf(format, args...))
}

func (o *ordeal) partition(n int64) int32 { return int32(n % o.partitions) }

// ordealSource reads numbers. Their times are a millisecond apart, and some step back.
type ordealSource struct {
	*ordeal
	from pipeline.Position
	next int64
}

func (s *ordealSource) Read(ctx context.Context, b *pipeline.Batch) error {
	if s.comes(sourceSlow, s.next) && !sleep(ctx, 10*time.Millisecond) {
		return ctx.Err()
	}
	_ = s.pipeline.Status() // at any time
	for len(b.Records) < s.batch {
		last, ok := s.from.Last("n", s.partition(s.next))
		switch {
		case ok && s.next <= last.Offset:
			s.next++
			continue
		case s.next == s.count && len(b.Records) > 0:
			return nil
		case s.next == s.count:
			return io.EOF
		case s.sourceEnds > 0 && s.next >= s.sourceEnds && len(b.Records) == 0:
			return errSource
		case s.sourceEnds > 0 && s.next >= s.sourceEnds:
			return nil
		}
		s.fill(b.Add(8))
		s.next++
	}
	return nil
}

func (s *ordealSource) fill(r *pipeline.Record) {
	n := s.next
	r.Key, r.Raw = strconv.AppendInt(nil, n, 10), strconv.AppendInt(nil, n, 10)
	r.Time = time.UnixMilli(n - int64(s.chance("time", n)%3))
	r.Origin = pipeline.Origin{Source: "n", Partition: s.partition(n), Offset: n}
	r.Set("n", pipeline.Int(n))
	r.Headers = append(r.Headers, pipeline.Header{Key: "n", Value: r.Key})
	if s.comes(rowBad, n) {
		r.Time = time.Time{}
		r.Fail(errBad)
	}
}

func (s *ordealSource) Close() error { return nil }

type ordealCommitter struct{ *ordealSource }

func (s ordealCommitter) Commit(_ context.Context, p pipeline.Position) error { return s.commit(p) }

func (o *ordeal) Load(string) (pipeline.Position, error) { return o.position(), nil }

func (o *ordeal) Release(string) error { return nil }
func (o *ordeal) Stale(string) bool    { return false }

func (o *ordeal) Save(_ string, p pipeline.Position, _ bool) error { return o.commit(p) }

// position is what is committed.
func (o *ordeal) position() (p pipeline.Position) {
	for partition, offset := range o.committed {
		p = append(p, pipeline.Origin{Source: "n", Partition: partition, Offset: offset})
	}
	return p
}

var errCommit = errors.New("the commit fails")

// commit notes a position, and whether everything up to it is done.
func (o *ordeal) commit(p pipeline.Position) error {
	for _, at := range p {
		last, ok := o.committed[at.Partition]
		if !ok {
			last = -1
		}
		if at.Offset < last {
			o.problem("committed %d after %d", at.Offset, last)
		}
		for n := last + 1; n <= at.Offset; n++ {
			if o.partition(n) == at.Partition && !o.isDone(n) {
				o.problem("committed %d, but %d is not done", at.Offset, n)
			}
		}
		if o.commitEnds > 0 && at.Offset >= o.commitEnds {
			return errCommit
		}
		o.committed[at.Partition] = at.Offset
	}
	return nil
}

func (o *ordeal) isDone(n int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	early := o.any(n, rowBad, changeBad, changeBusy, handleBad, handleBusy, handlePanic)
	late := false
	outcomes, shared := int64(o.buried[n]), int64(0) // shared: may have the letter of another result
	for k := range o.fan(n) {
		if o.stored[n+k*sibling] > 0 {
			outcomes++
		} else if k > 0 && o.buried[n] > 0 && o.any(n+k*sibling, recordBad, recordBusy) {
			shared++
		}
		late = late || o.any(n+k*sibling, recordBad, recordBusy)
	}
	switch {
	case outcomes+shared >= o.fan(n) || early && outcomes > 0:
		return true
	case o.comes(unwanted, n) && !o.comes(rowBad, n):
		return true
	}
	return (early || late) && o.plan.Errors.OnFailure == config.Skip
}

func (o *ordeal) any(n int64, kinds ...trouble) bool {
	return slices.ContainsFunc(kinds, func(k trouble) bool { return o.comes(k, n) })
}

var errBusy = errors.New("busy")

// change is the transform.
func (o *ordeal) change(r *pipeline.Record) error {
	n := number(r)
	switch {
	case r.Failure != nil || !r.Get("n").Equal(pipeline.Int(n)):
		o.problem("record %d comes to the transform as %v, failed: %v", n, r.Value, r.Failure)
	case o.comes(unwanted, n):
		return pipeline.ErrFiltered
	case o.comes(changeBad, n):
		return errBad
	case o.stays(changeBusy, n):
		return errBusy
	}
	r.Set("m", r.Get("n"))
	return nil
}

// digits is a codec whose encoded form is field n; that of 0 is empty.
type digits struct{}

func (digits) Decode([]byte, *pipeline.Value) error { return nil }

func (digits) Encode(dst []byte, v pipeline.Value) ([]byte, error) {
	n, m := v.Fields()[0].Value.Int(), v.Fields()[1].Value.Int()
	if n != m {
		return nil, fmt.Errorf("%d became %d", n, m)
	}
	if n == 0 {
		return dst, nil
	}
	return strconv.AppendInt(dst, n, 10), nil
}

// ordealSink is done with its batches in any order.
type ordealSink struct {
	*ordeal
	note  func(*pipeline.Batch)
	judge func(*pipeline.Batch) error
}

func (s *ordealSink) Write(ctx context.Context, b *pipeline.Batch, done func(error)) {
	n := number(&b.Records[0])
	s.note(b)
	var wait time.Duration
	switch {
	case s.comes(sinkStuck, n):
		wait = time.Hour
	case s.comes(sinkSlow, n):
		wait = time.Duration(s.chance("wait", n) % 20e6)
	case s.chance("wait", n)%2 == 0:
		done(s.judge(b))
		return
	}
	go func() {
		if !sleep(ctx, wait) {
			done(ctx.Err())
			return
		}
		done(s.judge(b))
	}()
}

func (s *ordealSink) Close() error { return nil }

// give notes what the sink is given.
func (o *ordeal) give(b *pipeline.Batch) {
	o.inspect(b)
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range b.Records {
		o.given = append(o.given, number(&b.Records[i]))
	}
}

// store is the sink's word on a batch.
func (o *ordeal) store(b *pipeline.Batch) error {
	n := number(&b.Records[0])
	o.inspect(b)
	switch {
	case o.readerGone > 0 && n >= o.readerGone:
		return pipeline.ErrDone
	case o.comes(sinkBad, n):
		return errBad
	case o.stays(sinkBusy, n):
		b.Records[len(b.Records)-1].Fail(errBad) // void: the batch as a whole is not stored
		return errBusy
	}
	for i := range b.Records {
		r := &b.Records[i]
		switch n := which(r); {
		case o.comes(recordBad, n):
			r.Fail(errBad)
		case o.stays(recordBusy, n):
			r.Fail(errBusy)
		default:
			o.mu.Lock()
			o.stored[n]++
			o.mu.Unlock()
		}
	}
	return nil
}

// inspect looks whether the records that the sink is given are what was read.
func (o *ordeal) inspect(b *pipeline.Batch) {
	for i := range b.Records {
		r := &b.Records[i]
		n := number(r)
		text := strconv.FormatInt(n, 10)
		encoded := text
		if n == 0 {
			encoded = ""
		}
		switch {
		case r.Failure != nil:
			o.problem("the sink is given record %d, which has failed: %v", n, r.Failure.Err)
		case r.Encoded == nil || string(r.Encoded) != encoded || string(r.Key) != text || len(r.Headers) != 1 || string(r.Headers[0].Value) != text:
			o.problem("the sink is given record %d as %v, %q, %q, %v", n, r.Value, r.Key, r.Encoded, r.Headers)
		}
	}
}

// bury is the word of the dead letters' sink.
func (o *ordeal) bury(b *pipeline.Batch) error {
	n := number(&b.Records[0])
	switch {
	case o.comes(gravesBad, n):
		return errBad
	case o.stays(gravesBusy, n):
		return errBusy
	}
	for i := range b.Records {
		r := &b.Records[i]
		n := number(r)
		if text := strconv.FormatInt(n, 10); string(r.Encoded) != text || string(r.Key) != text {
			o.problem("the dead letter of %d is %v, %q, %q", n, r.Value, r.Key, r.Encoded)
		}
		if o.comes(letterBad, n) {
			r.Fail(errBad)
			continue
		}
		o.mu.Lock()
		o.buried[n]++
		o.mu.Unlock()
	}
	return nil
}
