package engine

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/pipeline-daemon/pipeline/internal/config"
	"pgregory.net/rapid"
)

// Whatever goes wrong, and in whatever order a sink is done: the run ends,
// every record is counted once, what is given to the sink is what was read, no
// position passes a record that is not done, and nothing is stored twice. A
// second run does what the first has not.
func TestOrdeals(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := drawOrdeal(rt)
		st, err := o.run(t)
		gone := err == nil && o.readerGone > 0
		o.checkCounts(st)
		o.checkStored(st, gone)
		o.checkEnd(st, err, gone)
		o.checkResume(t)
		if len(o.problems) > 0 {
			rt.Fatalf("%v\n%+v\n%v", err, st, o.problems)
		}
	})
}

func (o *ordeal) run(t *testing.T) (st Status, err error) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		if o.stop > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, o.stop)
			defer cancel()
		}
		o.pipeline = New(&o.plan, o.opts)
		err = o.pipeline.Run(ctx)
		st = o.pipeline.Status()
	})
	return st, err
}

func (o *ordeal) checkCounts(st Status) {
	if sum := st.Written + st.Filtered + st.Failed + st.Skipped + st.DeadLettered; sum != st.Read+st.Added {
		o.problem("read %d, added %d, but accounts for %d", st.Read, st.Added, sum)
	}
	if st.Undelivered > st.Failed {
		o.problem("%d not delivered, but %d failed", st.Undelivered, st.Failed)
	}
}

// checkStored compares what is counted with what the sinks have stored. When a
// sink's reader has gone, what is under way is not counted.
func (o *ordeal) checkStored(st Status, gone bool) {
	results, letters := map[int64]int64{}, int64(0)
	for n, times := range o.stored {
		if times > 1 {
			o.problem("%d is stored %d times", n, times)
		}
		results[n%sibling]++
	}
	for n, times := range o.buried {
		if times > 1 {
			o.problem("%d has %d dead letters", n, times)
		}
		results[n] += int64(times)
		letters += int64(times)
	}
	for n, times := range results {
		if times > max(o.fan(n), 1) {
			o.problem("%d is stored or buried %d times", n, times)
		}
	}
	if o.odds[recordBusy] == 0 && o.odds[sinkBusy] == 0 && !slices.IsSorted(o.given) {
		o.problem("given to the sink in the order %v", o.given)
	}
	if gone {
		return
	}
	// What is handled after a failure, or before a record that waits as the run
	// stops, is not counted.
	handledOnly := o.handler == atTheEnd && (st.State == Failed || st.State == Stopped && (!o.single || o.plan.Workers.Count > 1))
	if st.Written != int64(len(o.stored)) && !(handledOnly && st.Written < int64(len(o.stored))) || st.DeadLettered < letters || o.handler != inChain && st.DeadLettered != letters {
		o.problem("stored %d, buried %d", len(o.stored), letters)
	}
	slices.Sort(o.given)
	if given := int64(len(slices.Compact(o.given))); given > st.Read && !handledOnly {
		o.problem("given %d to the sink", given)
	}
}

// checkEnd checks how the run ended. Without an error, everything that was
// read is done and committed.
func (o *ordeal) checkEnd(st Status, err error, gone bool) {
	if (err != nil) != (st.State == Failed) {
		o.problem("ends as %s", st.State)
	}
	if err != nil && o.forgives() {
		o.problem("fails without a reason")
	}
	if err != nil || gone {
		return
	}
	done := int64(0)
	for n := range o.count {
		if last, ok := o.committed[o.partition(n)]; ok && n <= last {
			done++
		}
	}
	if done != st.Read || st.Failed > 0 {
		o.problem("committed %v, which are %d records", o.committed, done)
	}
	all := o.count
	if o.opts.Limit > 0 {
		all = min(all, o.opts.Limit)
	}
	if st.State == Completed && st.Read != all {
		o.problem("completed after %d of %d records", st.Read, all)
	}
}

// checkResume checks that a second run, in which nothing goes wrong, stores
// whatever is not committed.
func (o *ordeal) checkResume(t *testing.T) {
	var left []int64
	for n := range o.count {
		if last, ok := o.committed[o.partition(n)]; !ok || n > last {
			left = append(left, n)
		}
	}
	o.odds, o.stop, o.sourceEnds, o.readerGone, o.commitEnds, o.opts.Limit = nil, 0, 0, 0, 0, 0
	clear(o.stored)
	st, err := o.run(t)
	results := int64(0)
	for _, n := range left {
		for k := range o.fan(n) {
			if results++; o.stored[n+k*sibling] != 1 {
				o.problem("the second run stores %d, %d, %d times", n, k, o.stored[n+k*sibling])
			}
		}
	}
	if err != nil || st.State != Completed || st.Written != results || st.Read != int64(len(left)) {
		o.problem("the second run of %d: %v, %+v", len(left), err, st)
	}
}

// forgives reports whether nothing comes over the run that may end it with an
// error.
func (o *ordeal) forgives() bool {
	fatal := o.odds[sinkBad] + o.odds[sinkBusy] + o.odds[letterBad] + o.odds[gravesBad] + o.odds[gravesBusy]
	return o.plan.Errors.OnFailure != config.Stop && fatal == 0 && o.sourceEnds == 0 && o.commitEnds == 0 && o.stop == 0
}
