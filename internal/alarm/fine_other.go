//go:build !linux

package alarm

import "time"

type fine struct{}

func newFine() *fine                              { return nil }
func (*fine) wait(time.Duration, <-chan struct{}) {}
func (*fine) wake()                               {}
func (*fine) close()                              {}
