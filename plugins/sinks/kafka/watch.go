package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
	"github.com/twmb/franz-go/pkg/kerr"
)

const (
	lookInterval = time.Second
	lookTimeout  = time.Second

	// The client gives up messages for a topic that is gone after about half a
	// minute, but not those of which it can't know whether a broker has them.
	goneTimeout = 40 * time.Second
)

// watch says what the sink waits for when nothing gets done.
type watch struct {
	*sink
	left uint64 // how many slabs had left at the last look
	gone int    // how many topics are not there
}

func (s *sink) startWatch() {
	w := watch{sink: s}
	s.unwatch = kafka.Watch(lookInterval, w.look)
}

func (w *watch) look(ctx context.Context) {
	underWay, left := w.flow.standing()
	stands := underWay && left == w.left
	w.left = left
	if stands || w.client.Troubled() {
		w.client.Ask(ctx)
	}
	if !stands && w.gone == 0 || w.client.Troubled() {
		return
	}
	for _, t := range w.topics {
		w.lookAt(ctx, t, stands)
	}
}

// lookAt looks whether a topic is there. stands says that nothing gets done.
func (w *watch) lookAt(ctx context.Context, t *topic, stands bool) {
	asking, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	found, err := lookUp(asking, w.client.Client, t.name)
	switch isGone := err == nil && errors.Is(kerr.ErrorForCode(found.ErrorCode), kerr.UnknownTopicOrPartition); {
	case isGone && t.gone.IsZero():
		t.gone = time.Now()
		w.gone++
		w.log.Warn("the topic is not there any more; waiting half a minute for it", "topic", t.name)
	case isGone && stands && time.Since(t.gone) > goneTimeout:
		w.deleted.Store(t)
		w.closeClient()
	case err == nil && found.ErrorCode == 0 && !t.gone.IsZero():
		t.gone = time.Time{}
		w.gone--
		w.log.Info("the topic is there again", "topic", t.name)
	}
}
