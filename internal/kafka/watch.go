package kafka

import (
	"context"
	"sync"
	"time"
)

// Watch calls look every so often, beside what else is done, until stop is
// called. stop waits for the look that is under way, whose context it ends.
func Watch(every time.Duration, look func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				look(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { cancel(); watching.Wait() }
}
