package alarm

import (
	"time"

	"golang.org/x/sys/unix"
)

// Asleep returns for how long the machine has been suspended since it was
// started. The monotonic clock stands still meanwhile.
func Asleep() time.Duration {
	var all, awake unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
