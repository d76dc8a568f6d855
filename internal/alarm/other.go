//go:build !linux

package alarm

import "time"

type fine struct{}

func newFine() *fine                              { return nil }
func (*fine) wait(time.Duration, <-chan struct{}) {}
func (*fine) wake()                               {}
func (*fine) close()                              {}

// Asleep returns for how long the machine has been suspended, as far as the
// system tells: 0.
func Asleep() time.Duration { return 0 }
