package kafka

import (
	"context"
	"errors"
	"time"

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
	left uint64    // how many slabs had left at the last look
	gone time.Time // when it was said that the topic is gone; zero: it is there
}

func (s *sink) startWatch() {
	ctx, cancel := context.WithCancel(context.Background())
	s.unwatch = cancel
	s.watching.Go(func() {
		w := watch{sink: s}
		ticker := time.NewTicker(lookInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				w.look(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
}

func (w *watch) look(ctx context.Context) {
	underWay, left := w.flow.standing()
	stands := underWay && left == w.left
	w.left = left
	if stands || w.client.Troubled() {
		w.client.Ask(ctx)
	}
	if !stands && w.gone.IsZero() || w.client.Troubled() {
		return
	}
	asking, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	topic, err := lookUp(asking, w.client.Client, w.options.Topic)
	switch isGone := err == nil && errors.Is(kerr.ErrorForCode(topic.ErrorCode), kerr.UnknownTopicOrPartition); {
	case isGone && w.gone.IsZero():
		w.gone = time.Now()
		w.log.Warn("the topic is not there any more; waiting half a minute for it", "topic", w.options.Topic)
	case isGone && stands && time.Since(w.gone) > goneTimeout:
		w.deleted.Store(true)
		w.closeClient()
	case err == nil && topic.ErrorCode == 0 && !w.gone.IsZero():
		w.gone = time.Time{}
		w.log.Info("the topic is there again", "topic", w.options.Topic)
	}
}
