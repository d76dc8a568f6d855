package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// group keeps positions with a consumer group. Marks are cheap, and are
// committed together: once a second, before partitions go to another member,
// and on leaving.
//
// A partition that is given up, or lost as it may be with a broker, and comes
// back is read on from what is done of it. Where that is left out which was read
// but not done: see pipeline.Sharer. A paced pipeline does what it has read.
type group struct {
	log      *slog.Logger
	name     string
	client   *kafka.Client // set before the group is joined
	options  *Options
	starts   map[partition]int64
	override bool    // the first partitions start at starts, whatever is committed; not where other members are at work
	finish   *finish // nil: none
	joining  joining

	*table
	timer   *time.Timer // nil: nothing to commit
	err     error       // why nothing can be committed any more
	leaving bool
	hurried bool // partitions are given up without waiting
}

const (
	commitInterval = time.Second
	commitTimeout  = 3 * time.Second

	// After this time the others get the partitions of a member that has died,
	// or of one with a lasting name that has not come back.
	sessionTimeout  = 10 * time.Second
	instanceTimeout = 45 * time.Second
)

// uncommitted is the offset of partitions of which the group has none.
var uncommitted = kgo.NoResetOffset().AtStart()

func newGroup(s *source, name string, starts map[partition]int64, busy bool) *group {
	return &group{
		log: s.log, name: name, options: s.options, starts: starts, override: s.options.From.text != fromCommitted && !busy,
		finish: s.finish, table: s.table,
	}
}

// hasMembers reports whether others are at work in a group. If that can't be
// told, there are none.
func hasMembers(ctx context.Context, client *kgo.Client, name string) bool {
	groups, err := kadm.NewClient(client).DescribeGroups(ctx, name)
	return err == nil && len(groups[name].Members) > 0
}

func (g *group) clientOpts() []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ConsumerGroup(g.name),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(sessionTimeout),
		kgo.DisableAutoCommit(),
		kgo.ConsumeStartOffset(uncommitted),
		kgo.AdjustFetchOffsetsFn(g.assigned),
		kgo.OnPartitionsRevoked(g.revoked),
		kgo.OnPartitionsLost(g.lost),
		kgo.WithHooks(&g.joining),
		kgo.BlockRebalanceOnPoll(), // until it is known to which assignment messages belong
	}
	if id := g.options.InstanceID; id != "" {
		opts = append(opts, kgo.InstanceID(id), kgo.SessionTimeout(instanceTimeout))
	}
	return opts
}

// assigned is told of partitions that are now this member's and of their
// committed offsets, and returns where to start.
func (g *group) assigned(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for topic, partitions := range offsets {
		for number, offset := range partitions {
			p := partition{topic, number}
			start := g.assign(p, offset)
			if g.finish != nil {
				g.finish.assign(p, start)
			}
			if at := offset.EpochOffset(); offset == uncommitted || at.Offset != start {
				partitions[number] = kgo.NewOffset().At(start)
			}
		}
	}
	if len(offsets) > 0 {
		g.override = false
	}
	if g.finish != nil {
		g.finish.check()
	}
	return offsets, nil
}

// assign returns where to read p. A partition of which nothing is committed,
// and that was not there at the start, is read as a whole.
func (g *group) assign(p partition, offset kgo.Offset) (start int64) {
	s := g.get(p)
	committed := int64(-1)
	if offset != uncommitted && !s.anew {
		committed = offset.EpochOffset().Offset
	}
	next, known := g.starts[p]
	if committed >= 0 && !(g.override && known) {
		next = committed
	}
	s.skipping = g.skips && committed < 0 && !known
	s.anew = false
	g.table.assign(p, next)
	s.committed = committed
	if s.done != s.committed {
		g.commitSoon()
	}
	return s.read
}

// revoked commits what is done before another member goes on from there.
func (g *group) revoked(ctx context.Context, _ *kgo.Client, partitions map[string][]int32) {
	ps := list(partitions)
	g.mu.Lock()
	leaving := g.leaving
	g.mu.Unlock()
	if !leaving { // polls wait for it
		if g.shares {
			g.giveUp(ps)
			g.handOver(ctx, ps)
		}
		g.flush()
	}
	g.drop(ps)
}

func (g *group) lost(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	ps := list(partitions)
	if g.shares {
		g.giveUp(ps)
	}
	g.drop(ps)
}

func list(partitions map[string][]int32) (ps []partition) {
	for topic, numbers := range partitions {
		for _, number := range numbers {
			ps = append(ps, partition{topic, number})
		}
	}
	return ps
}

// drop notes that partitions are not this member's any more.
func (g *group) drop(ps []partition) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range ps {
		s := g.get(p)
		s.owned, s.leaving = false, false
		if g.shares { // what is not done is left out
			s.read, s.given = s.done, s.done
		}
		if g.finish != nil {
			g.finish.revoke(p)
		}
	}
}

// mark notes that p is done. It returns why committing has failed for good.
func (g *group) mark(p pipeline.Position) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range p {
		s := g.states[partition{o.Source, o.Partition}]
		if s == nil || o.Offset+1 <= s.done {
			continue
		}
		s.done = o.Offset + 1
		s.settle()
		if s.leaving {
			g.moved.Broadcast()
		}
		if s.owned {
			g.commitSoon()
		}
	}
	return g.err
}

func (g *group) commitSoon() {
	if g.timer == nil && !g.leaving {
		g.timer = time.AfterFunc(commitInterval, g.flush)
	}
}

// flush commits what is done. What fails for now is tried again.
func (g *group) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	err := g.commit(ctx)
	var refused *kerr.Error
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
	case errors.As(err, &refused) && endsGroup(refused):
		g.err = pipeline.Permanent(fmt.Errorf("can't commit to group %q: %w", g.name, err))
	default:
		g.log.Debug("can't commit; trying again", "group", g.name, "error", err)
		g.commitSoon()
	}
}

// commit commits what is done.
func (g *group) commit(ctx context.Context) error {
	offsets := g.toCommit()
	if len(offsets) == 0 {
		return nil
	}
	if g.joining.Load() {
		return g.commitMeanwhile(ctx, offsets)
	}
	var err error
	g.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, failed error) {
		err = failed
		if failed == nil {
			err = g.committed(offsets, resp)
		}
	})
	return err
}

func (g *group) toCommit() map[string]map[int32]kgo.EpochOffset {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for p, s := range g.states {
		if !s.owned || s.done == s.committed {
			continue
		}
		if offsets[p.topic] == nil {
			offsets[p.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[p.topic][p.number] = kgo.EpochOffset{Epoch: -1, Offset: s.done}
	}
	return offsets
}

func (g *group) committed(offsets map[string]map[int32]kgo.EpochOffset, resp *kmsg.OffsetCommitResponse) (err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			if failed := kerr.ErrorForCode(p.ErrorCode); failed != nil {
				err = failed
			} else if s := g.states[partition{topic.Topic, p.Partition}]; s != nil {
				s.committed = offsets[topic.Topic][p.Partition].Offset
			}
		}
	}
	return err
}

// leave commits what is done and leaves the group, unless that takes too long.
func (g *group) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	g.mu.Lock()
	g.leaving = true
	g.moved.Broadcast()
	g.mu.Unlock()
	err := g.commit(ctx)
	switch lost := g.uncommitted(); {
	case err != nil:
		g.log.Warn("can't commit the last positions: some messages will be read again", "group", g.name, "error", err)
	case len(lost) > 0:
		g.log.Warn("some messages that are done will be read again: the group was out of reach, or had given their partitions to another member, before they could be committed", "group", g.name, "partitions", lost)
	}
	if err := g.client.LeaveGroupContext(ctx); err != nil {
		g.log.Debug("can't leave the group", "group", g.name, "error", err)
	}
}

// uncommitted returns the partitions of which more is done than is committed.
func (g *group) uncommitted() (ps []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for p, s := range g.states {
		if s.done > max(s.committed, s.begun) {
			ps = append(ps, fmt.Sprintf("%s[%d]", p.topic, p.number))
		}
	}
	slices.Sort(ps)
	return ps
}

// endsGroup reports whether a group's refusal is for good, rather than a part
// of a member's life.
func endsGroup(err *kerr.Error) bool {
	switch err {
	case kerr.UnknownMemberID, kerr.IllegalGeneration, kerr.RebalanceInProgress, kerr.FencedInstanceID, kerr.StaleMemberEpoch:
		return false
	}
	return !err.Retriable
}
