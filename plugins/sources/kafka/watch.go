package kafka

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// How often it is looked how the reading goes, and how long a look takes
	// at most.
	lookInterval = 2 * time.Second
	lookTimeout  = time.Second

	// A member that has no partitions when these looks are over gets none.
	looksWithout = 2
)

// watch looks from time to time how the reading goes. It keeps the ends of the
// partitions, finds topics that come, and says what is waited for.
type watch struct {
	*source
	known   []string         // the topics that are read, or waited for
	counts  map[string]int32 // of their partitions
	pinned  []string         // those whose partitions are named to the client, one by one
	gone    map[string]bool  // those that are not there any more
	without int              // how many looks have found no partition; -1: it was said
	armed   bool             // the ends are known: nothing is read of what comes later
}

func (s *source) startWatch(found extents) {
	w := &watch{source: s, known: slices.Concat(found.there, found.missing), counts: map[string]int32{}, gone: map[string]bool{}, armed: found.untils != nil}
	for p := range found.ends {
		w.counts[p.topic] = max(w.counts[p.topic], p.number+1)
	}
	if s.group == nil {
		w.pinned = found.there
	}
	s.unwatch = kafka.Watch(lookInterval, w.look)
}

func (w *watch) look(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	topics, err := w.list(asking, w.client.Client)
	var there []string
	if err == nil {
		there = w.compare(topics)
		err = w.hear(asking, there)
	}
	if ctx.Err() != nil {
		return
	}
	var refused *kerr.Error
	if err != nil && !errors.As(err, &refused) || w.client.Troubled() {
		w.client.Ask(ctx)
		return
	}
	w.member()
	if w.finish != nil && err == nil {
		w.arm(asking, there)
		w.probe(asking, topics)
	}
}

// compare finds the topics that have come and gone, and returns those that are
// there.
func (w *watch) compare(topics map[string]listed) (there []string) {
	for name, topic := range topics {
		isGone := errors.Is(topic.Err, kerr.UnknownTopicOrPartition)
		switch known := slices.Contains(w.known, name); {
		case isGone && known && w.has(name) && !w.gone[name]:
			w.log.Warn("a topic is not there any more; waiting for it", "topic", name)
			w.gone[name] = true
		case topic.Err == nil && !known && !w.armed:
			w.log.Info("found a topic", "topic", name)
			w.known = append(w.known, name)
			w.client.AddConsumeTopics(name)
		case topic.Err == nil && w.gone[name]:
			w.log.Info("a topic is there again", "topic", name)
			delete(w.gone, name)
		}
		if topic.Err == nil {
			there = append(there, name)
			w.grow(name, topic.Partitions)
		}
	}
	return there
}

// grow has the client read the partitions that a topic was given. By itself it
// looks every five minutes.
func (w *watch) grow(topic string, count int32) {
	before := w.counts[topic]
	w.counts[topic] = count
	if before == 0 || count <= before || len(w.options.Partitions) > 0 || w.armed {
		return
	}
	w.log.Info("a topic has more partitions now", "topic", topic, "partitions", count, "before", before)
	if slices.Contains(w.pinned, topic) {
		added := map[int32]kgo.Offset{}
		for number := before; number < count; number++ {
			added[number] = kgo.NewOffset().At(0)
		}
		w.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: added})
	}
	w.client.ForceMetadataRefresh()
}

// has reports whether a topic was there before.
func (w *watch) has(topic string) bool {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	for p := range w.table.states {
		if p.topic == topic {
			return true
		}
	}
	return false
}

func (w *watch) hear(ctx context.Context, there []string) error {
	ends, err := w.offsets(ctx, w.client.Client, there, atEnd)
	if err == nil {
		w.table.hear(ends)
	}
	return err
}

// member tells a member of a group that has nothing to do why.
func (w *watch) member() {
	if w.group == nil || w.without < 0 {
		return
	}
	_, generation := w.client.GroupMetadata()
	if generation < 0 || w.table.owned() > 0 || len(w.known) == len(w.gone) {
		w.without = 0
		return
	}
	if w.without++; w.without > looksWithout {
		w.without = -1
		w.log.Info("the other members of the group have all partitions; waiting for one of them to leave", "group", w.group.name)
	}
}

// arm finds the ends of partitions once the time to end at has come.
func (w *watch) arm(ctx context.Context, there []string) {
	at := w.options.Until.at
	if w.armed || at.After(time.Now()) {
		return
	}
	found := extents{there: there}
	var err error
	if found.ends, err = w.offsets(ctx, w.client.Client, there, atEnd); err != nil {
		return
	}
	if found.untils, err = w.offsetsOf(ctx, w.client.Client, found, at); err == nil {
		w.armed = true
		w.finish.arm(found.untils, w.group == nil)
	}
}
