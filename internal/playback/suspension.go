package playback

import (
	"context"
	"time"
)

// A machine that was suspended for less is not noticed.
const shortSuspension = 100 * time.Millisecond

// WatchSuspension looks once a second, until ctx is done, whether the machine
// was suspended: while it is, the clock stands still, and what was due then is
// due at once. asleep returns for how long it has been suspended in all; tell
// is told of each time.
func (c *Clock) WatchSuspension(ctx context.Context, asleep func() time.Duration, tell func(time.Duration)) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for before := asleep(); ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if all := asleep(); all-before > shortSuspension {
			c.Shift(int64(before - all))
			tell(all - before)
			before = all
		}
	}
}
